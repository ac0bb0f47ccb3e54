export default function Invoice(_: { id?: string; action?: string }) {
  return null;
}
