// Variables in a Compose file, with the values that Compose gives them where none is set.

/** `$$`, `$NAME`, `${NAME}` and `${NAME:-default}` with its relatives, after https://docs.docker.com/reference/compose-file/interpolation/. */
const VARIABLE = /\$(?:(\$)|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-?+])([^{}]*))?\})/g;

/**
 * `value` with its variables replaced, at any depth.
 *
 * @param missing gets the name of each variable that has no default; it is replaced by nothing, as Compose does
 */
export function interpolate(value: unknown, missing: (name: string) => void): unknown {
  if (typeof value === "string") {
    return value.replace(VARIABLE, (_whole, dollar, plain, braced, operator, word) => {
      if (dollar !== undefined) {
        return "$";
      }
      if (operator === "-" || operator === ":-") {
        return word;
      }
      if (operator !== "+" && operator !== ":+") {
        missing(plain ?? braced);
      }
      return "";
    });
  }
  if (Array.isArray(value)) {
    return value.map((item) => interpolate(item, missing));
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, interpolate(item, missing)]))
    : value;
}

/** The variables of a service. One that is all of an environment variable's value stays: the engine takes it from its own environment. */
export function interpolateService(
  service: Record<string, unknown>,
  missing: (name: string) => void,
): Record<string, unknown> {
  const { environment, ...rest } = service;
  const own = (value: unknown) =>
    typeof value === "string"
      ? value.replace(
          /^((?:[^=]+=)?)(?:\$([A-Za-z_]\w*)|\$\{([A-Za-z_]\w*)\})$/,
          (_all, key, plain, braced) => `${key}$E:${plain ?? braced}`,
        )
      : value;
  // Kept apart from what is replaced: `$E` is no variable of Compose.
  const kept = (value: unknown) => {
    const taken = own(value);
    return taken === value ? interpolate(value, missing) : taken;
  };
  const variables = Array.isArray(environment)
    ? environment.map(kept)
    : typeof environment === "object" && environment !== null
      ? Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, kept(value)]))
      : environment;
  return {
    ...(interpolate(rest, missing) as Record<string, unknown>),
    ...(environment === undefined ? {} : { environment: variables }),
  };
}
