// Specs made at random from the published schema, most of them nearly valid: with values of the right kind, and with mistakes.
/** @typedef {import("./random.mjs").Random} Random */
/** @typedef {any} Schema a part of schemas/zlayer-v1.schema.json */

/** Values that turn up where they do not belong. */
const ODD = [
  null,
  true,
  false,
  0,
  1,
  -1,
  1.5,
  255,
  256,
  65_535,
  65_536,
  4_294_967_296,
  "",
  " ",
  "x",
  "5",
  "1.5",
  "true",
  "null",
  "5s",
  "512Mi",
  "512MB",
  "a b",
  "é",
  "$E:A",
  "$S:a",
  "v1",
  "tcp",
  "!pin x",
  [],
  ["x"],
  [null],
  [[]],
  {},
  { x: 1 },
  { type: "tcp" },
  { mode: "fixed" },
];

const NAMES = ["web", "db", "api", "worker", "a", "b-1", "web.x", "Ünï", "1", "services"];

/** Text of the forms that the schema names or that ZLayer reads; the last few of each are wrong. */
const FORMS = {
  "zlayer-duration": ["5s", "30s", "1m30s", "2h", "1day", "500ms", "0s", "1 h 5 min", "5", "1.5h", "s", "5x", ""],
  "zlayer-size": ["64Mi", "1Gi", "2Ki", "1Ti", "0Mi", "1.5Gi", "512MB", "+1Mi", "01Mi", "Mi", ""],
  "zlayer-image": ["nginx:1.27", "ghcr.io/a/b:1", "busybox", "a@sha256:00", "UPPER", "a b", "a:b:c", ""],
};
const TEXTS = ["x", "web", "/data", "a-b", "host:80", "1", "true", "x y", "*.example.com", "http://a:80/x", "é", ""];

/**
 * A spec as a value, made from the schema.
 *
 * @param {Random} random
 * @param {Schema} schema the whole one
 * @returns {any}
 */
export function generateSpec(random, schema) {
  const mistakes = random.pick([0, 0, 0, 0.01, 0.02, 0.05, 0.15]);
  const spec = new Generator(random, schema, mistakes).value(schema, 0);
  if (random.chance(0.9) && typeof spec === "object" && spec !== null && !Array.isArray(spec)) {
    repair(random, spec);
  }
  return spec;
}

class Generator {
  /**
   * @param {Random} random
   * @param {Schema} root
   * @param {number} mistakes how many of a hundred values are wrong, as a share
   */
  constructor(random, root, mistakes) {
    this.random = random;
    this.root = root;
    this.mistakes = mistakes;
  }

  /**
   * @param {Schema} schema
   * @param {number} depth
   * @returns {any}
   */
  value(schema, depth) {
    const { random } = this;
    if (depth > 0 && random.chance(this.mistakes)) {
      return structuredClone(random.pick(ODD));
    }
    if (schema === true || depth > 12) {
      return structuredClone(random.pick(ODD));
    }
    if (schema.$ref !== undefined) {
      const name = schema.$ref.replace("#/definitions/", "");
      return this.value({ ...schema, ...this.root.definitions[name], $ref: undefined }, depth);
    }
    const options = schema.oneOf ?? schema.anyOf;
    if (options !== undefined) {
      // A schema that ends in null can be left out; that is seldom interesting.
      const useful = options.filter((/** @type {Schema} */ option) => option.type !== "null");
      return this.value(random.chance(0.1) ? random.pick(options) : random.pick(useful), depth);
    }
    if (schema.allOf !== undefined) {
      const { allOf, ...own } = schema;
      const parts = [...allOf, own].map((part) => this.#resolved(part));
      if (parts.some((part) => part.oneOf !== undefined || part.anyOf !== undefined)) {
        const values = parts
          .filter((part) => part.oneOf ?? part.anyOf ?? part.properties)
          .map((part) => this.value(part, depth + 1));
        return values.every(isPlain) ? Object.assign({}, ...values) : values[0];
      }
      return this.value(Object.assign({}, ...parts), depth);
    }
    if (schema.const !== undefined) {
      return schema.const;
    }
    if (schema.enum !== undefined) {
      return random.pick(schema.enum);
    }
    const type = Array.isArray(schema.type) ? this.#typeOf(schema.type) : schema.type;
    switch (type) {
      case "object":
        return this.#object(schema, depth);
      case "array": {
        const least = schema.minItems ?? 0;
        const count = random.chance(0.1) ? 0 : least + random.below(3);
        return Array.from({ length: count }, () => this.value(schema.items ?? true, depth + 1));
      }
      case "integer":
        return this.#integer(schema);
      case "number":
        return random.pick([0.1, 0.5, 1, 2, 16, 0.25, 0, -1]);
      case "boolean":
        return random.chance(0.5);
      case "null":
        return null;
      default:
        return this.#text(schema);
    }
  }

  /** @param {Schema} part @returns {Schema} */
  #resolved(part) {
    return part.$ref === undefined
      ? part
      : { ...this.root.definitions[part.$ref.replace("#/definitions/", "")], ...part, $ref: undefined };
  }

  /** @param {string[]} types @returns {string} */
  #typeOf(types) {
    return this.random.chance(0.85) ? (types[0] ?? "null") : this.random.pick(types);
  }

  /** @param {Schema} schema @param {number} depth */
  #object(schema, depth) {
    const { random } = this;
    /** @type {Record<string, any>} */
    const made = {};
    const properties = Object.entries(schema.properties ?? {});
    const share = properties.length > 12 ? 0.12 : 0.4;
    for (const [name, property] of properties) {
      const required = (schema.required ?? []).includes(name);
      const often = property.deprecated === true ? 0.02 : share;
      if (required ? !random.chance(this.mistakes) : random.chance(often)) {
        made[name] = this.value(property, depth + 1);
      }
    }
    if (isPlain(schema.additionalProperties)) {
      for (let count = random.below(3); count > 0; count--) {
        made[random.pick(NAMES)] = this.value(schema.additionalProperties, depth + 1);
      }
    }
    if (random.chance(this.mistakes)) {
      made[random.pick(["extra", "imagee", "x-y", ...properties.map(([name]) => name), "services"])] = structuredClone(
        random.pick(ODD),
      );
    }
    return made;
  }

  /** @param {Schema} schema */
  #integer(schema) {
    const { random } = this;
    const least = schema.minimum ?? -1_000;
    const most = Math.min(schema.maximum ?? 1_000_000, 4_294_967_295);
    return random.pick([least, least + 1, most, 1, 2, 5, 80, 8_080, ...(random.chance(this.mistakes) ? [-1] : [])]);
  }

  /** @param {Schema} schema */
  #text(schema) {
    const { random } = this;
    const form = FORMS[/** @type {keyof typeof FORMS} */ (schema.format)];
    if (form !== undefined) {
      return random.chance(this.mistakes * 4) ? random.pick(form) : random.pick(form.slice(0, 4));
    }
    if (schema.pattern !== undefined) {
      return random.chance(this.mistakes * 4) ? random.pick(TEXTS) : random.pick(["abc", "a-1", "web", "x2y"]);
    }
    return random.pick(random.chance(0.9) ? TEXTS.slice(0, 5) : TEXTS);
  }
}

/** @param {any} value */
function isPlain(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Makes most of what one part says of another true, which chance alone would seldom do.
 *
 * @param {Random} random
 * @param {any} spec
 */
function repair(random, spec) {
  const services = isPlain(spec.services) ? spec.services : {};
  const names = Object.keys(services);
  const mend = () => random.chance(0.97);
  for (const service of Object.values(services)) {
    if (!isPlain(service)) {
      continue;
    }
    for (const needed of Array.isArray(service.depends) ? service.depends : []) {
      if (isPlain(needed) && typeof needed.service === "string" && mend()) {
        needed.service = random.pick(names);
      }
    }
    if (mend()) {
      const isCron = service.rtype === "cron";
      if (isCron) {
        service.schedule = random.pick(["0 0 * * * *", "0 30 2 * * Mon", "1/2 * * * * * 2030"]);
      } else {
        delete service.schedule;
      }
    }
    for (const [at, endpoint] of (Array.isArray(service.endpoints) ? service.endpoints : []).entries()) {
      if (isPlain(endpoint) && mend()) {
        endpoint.name = `${random.pick(["http", "x"])}${at}`;
      }
    }
    if (!String(service.service_type).startsWith("wasm_") && mend()) {
      delete service.wasm;
      delete service.wasm_http;
    }
    if (isPlain(service.scale) && typeof service.scale.min === "number" && mend()) {
      service.scale.max = service.scale.min + random.below(3);
    }
    if (isPlain(service.wasm) && mend()) {
      service.wasm.min_instances = 0;
      delete service.wasm.capabilities;
    }
  }
}
