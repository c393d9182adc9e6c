// For tests: specs of several kinds, and what is put into them at random places.

/** Numbers from 0 to 1 that are the same in each run. */
export function* numbers(seed: number): Generator<number, never> {
  let state = seed >>> 0;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** A whole number from 0 up to, not including, `most`. */
export function below(random: Generator<number, never>, most: number): number {
  return Math.floor(random.next().value * most);
}

const PLAIN = `version: v1
deployment: demo
services:
  web: # a comment
    image: { name: nginx:1.27 }
    env:
      GREETING: "h\u00e9llo \u{1F600}"
      TOKEN: $S:token
    depends:
      - service: db
    scale: { mode: fixed, replicas: 1 }

  # before the database
  db:
    image: { name: postgres }
    affinity: !pin "id=2"
    command:
      shell: |
        one
          two
    storage:
      - { type: named, name: data, target: /data }
externals:
  mail: { backends: [ "http://mail:80" ] }
`;

const ANCHORS = `version: v1
deployment: demo
services:
  web:
    image: &image { name: nginx:1.27 }
    env: &env
      A: "1"
    scale: { mode: fixed, replicas: 1 }
  db: &db
    image: *image
    env: *env
  copy: *db
  merged:
    <<: *db
    image: { name: "\u{1F600}" }
`;

/** What the edits begin with. */
export const SPECS: readonly string[] = [
  PLAIN,
  PLAIN.replaceAll("\n", "\r\n"),
  ANCHORS,
  PLAIN.replace("services:\n", "services: # all\n\n  # the first\n").replace("version: v1\n", "# head\n---\n"),
  PLAIN.replace(/externals:[\s\S]*/, "").trimEnd(),
];

/** What is inserted. */
export const PIECES: readonly string[] = [
  " ",
  "\n",
  "\n  ",
  "  ",
  ":",
  ": ",
  "- ",
  "{",
  "}",
  "[",
  "]",
  '"',
  "'",
  "#",
  " # c",
  "&a ",
  "*a",
  "!",
  "|",
  ">",
  "\t",
  "\n\t",
  "\r\n",
  "\r",
  "\u00e9",
  "\u{1F600}",
  "\u2028",
  "\uFEFF",
  "x",
  "null",
  "\n  new:\n    image: { name: a:1 }",
  "\n  web:",
  "\nservices:",
  "\n---\n",
  "\nversion: v1\n",
  "<<: *db",
];
