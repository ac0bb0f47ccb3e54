// A fetch whose body fails when nothing arrives for a while: a line can be lost without an error, in sleep for instance. The gateway
// sends something about every 12 to 20 seconds.
const SILENT_MILLISECONDS = 45_000;
const LOOK_MILLISECONDS = 5000;

export async function fetchUntilSilent(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init);
  if (!response.body) return response;
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await inTime(reader.read());
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(body, response);
}

// The result, or an error after the time without one. The clock is looked at, because timers stand still while a machine sleeps.
async function inTime<Result>(work: Promise<Result>): Promise<Result> {
  const startedAt = Date.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setInterval(() => Date.now() - startedAt > SILENT_MILLISECONDS && reject(new Error('Nothing arrives.')), LOOK_MILLISECONDS);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearInterval(timer);
  }
}
