export default function Schedule(_: { id?: string; action?: string }) {
  return null;
}
