// What keeps a page as it is for a moment: an action that is being answered, or an open dialog. Loads that events ask for wait for its end.
const listeners = new Set<() => void>();
let holds = 0;

// Begin a hold. Return what ends it.
export function hold(): () => void {
  holds += 1;
  let isHolding = true;
  return () => {
    if (!isHolding) return;
    isHolding = false;
    holds -= 1;
    // After the load that the answer to an action begins, and after the dialog that takes the place of another one.
    setTimeout(() => holds === 0 && listeners.forEach((listener) => listener()));
  };
}

export function isHeld(): boolean {
  return holds > 0;
}

export function subscribeRelease(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
