export default function Subscriptions() {
  return null;
}
