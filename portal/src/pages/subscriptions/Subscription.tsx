export default function Subscription(_: { id?: string; action?: string }) {
  return null;
}
