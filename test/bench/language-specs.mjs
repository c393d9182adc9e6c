// Specs of a wanted length, and edits at random places; the same in each run.

/** Numbers from 0 to 1 that depend on the seed only. @param {number} seed */
export function* numbers(seed) {
  let state = seed >>> 0;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

const SERVICE_LINES = 33;

function service(at, count) {
  const before = at === 0 ? undefined : `service-${at - 1}`;
  return `  # What number ${at} of ${count} does, in a sentence as people write them.
  service-${at}:
    image:
      name: registry.example.com/team/service-${at}:1.${at}.0
      pull_policy: if_not_present
    command:
      args: ["--listen", "0.0.0.0:${8000 + at}", "--name", "é ${at}"]
    env:
      GREETING: "hello from ${at}"
      LOG_LEVEL: info
      DATABASE: postgres://db-${at}.internal:5432/app
      TOKEN: $S:token-${at}
    endpoints:
      - name: http
        protocol: http
        port: ${8000 + at}
    scale:
      mode: adaptive
      min: 1
      max: ${(at % 9) + 1}
    resources:
      cpu: 0.5
      memory: 256Mi
    health:
      check:
        type: http
        url: http://localhost:${8000 + at}/health
        expect_status: 200
${before === undefined ? "" : `    depends:\n      - service: ${before}\n        condition: healthy\n`}    storage:
      - { type: named, name: data-${at}, target: /data }
    labels: { team: "team-${at % 7}", tier: backend }
`;
}

/** A valid spec of about that many lines. @param {number} lines */
export function specOfLines(lines) {
  const count = Math.max(1, Math.round(lines / SERVICE_LINES));
  const services = Array.from({ length: count }, (_, at) => service(at, count));
  return `version: v1\ndeployment: bench\nservices:\n${services.join("")}`;
}

/**
 * What a person types: letters in a value, a new key letter by letter, a value's first letters, a deletion. Each burst of edits
 * leaves the text as it was, so that the document keeps its length however long it goes on.
 *
 * @param {() => string} textNow
 * @param {Generator<number>} random
 * @returns {Generator<{ at: number, length: number, text: string }>}
 */
export function* edits(textNow, random) {
  const below = (most) => Math.floor(random.next().value * most);
  const lineStarts = (text) => [...text.matchAll(/^ {4}[a-z_]+:/gm)].map(({ index }) => index);
  for (;;) {
    const text = textNow();
    const starts = lineStarts(text);
    const start = starts[below(starts.length)];
    switch (below(4)) {
      case 0: {
        // Letters into the middle of whatever stands here.
        const at = start + below(200);
        yield { at, length: 0, text: "x" };
        yield { at: at + 1, length: 0, text: "y" };
        yield { at, length: 2, text: "" };
        break;
      }
      case 1: {
        // A new key above this one.
        const key = "    restart_policy: ";
        yield { at: start, length: 0, text: `${key.slice(0, 5)}\n` };
        for (let length = 5; length < 10; length++) {
          yield { at: start + length, length: 0, text: key.slice(length, length + 1) };
        }
        yield { at: start, length: 11, text: "" };
        break;
      }
      case 2: {
        // A value anew.
        const value = /: ([^\s{["'|>][^\n]*)\n/.exec(text.slice(start, start + 400));
        if (value !== null) {
          const at = start + value.index + 2;
          yield { at, length: value[1].length, text: "" };
          yield { at, length: 0, text: value[1].slice(0, 1) };
          yield { at, length: 1, text: value[1] };
        }
        break;
      }
      default: {
        const at = start + below(200);
        const gone = text.slice(at, at + 1 + below(20));
        yield { at, length: gone.length, text: "" };
        yield { at, length: 0, text: gone };
      }
    }
  }
}
