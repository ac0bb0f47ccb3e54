export default function Schedules() {
  return null;
}
