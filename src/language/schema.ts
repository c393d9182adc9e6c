import { isMap } from "yaml";
import document from "../../schemas/zlayer-v1.schema.json";
import type { SpecDocument, SpecNode } from "./spec-document";

/** The part of JSON Schema that the generated schema uses. */
export interface Schema {
  $ref?: string;
  title?: string;
  description?: string;
  default?: unknown;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  enumDescriptions?: string[];
  const?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  deprecated?: boolean;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
}

export type Step = string | number;

const root = document as unknown as Schema & { definitions: Record<string, Schema> };

/** The schemas that a value may have: references followed, alternatives spread out, null left out. */
export function alternatives(schema: Schema | undefined): Schema[] {
  if (schema === undefined || schema === null || typeof schema !== "object") {
    return [];
  }
  if (schema.$ref !== undefined) {
    return alternatives(root.definitions[schema.$ref.replace("#/definitions/", "")]);
  }
  const parts = schema.oneOf ?? schema.anyOf ?? schema.allOf;
  if (parts === undefined) {
    return schema.type === "null" ? [] : [schema];
  }
  return parts.flatMap((part) => alternatives(part));
}

/** Whether a value has that format, itself or in one of the schemas that it is put together from. */
export function hasFormat(schema: Schema, format: string): boolean {
  const parts = [...(schema.allOf ?? []), ...(schema.anyOf ?? [])];
  return schema.format === format || parts.some((part) => hasFormat(part, format));
}

/** The name of the definition that a schema refers to, when it refers to one. */
export function definitionOf(schema: Schema | undefined): string | undefined {
  if (schema?.$ref !== undefined) {
    return schema.$ref.replace("#/definitions/", "");
  }
  return [...(schema?.allOf ?? []), ...(schema?.anyOf ?? [])]
    .map((part) => definitionOf(part))
    .find((name) => name !== undefined);
}

/** The alternatives that agree with what a mapping says of its kind (`type: bind`, `mode: fixed`). */
export function fitting(spec: SpecDocument, schema: Schema | undefined, node: SpecNode | undefined): Schema[] {
  const all = alternatives(schema).filter(
    (option) => option.properties !== undefined || option.additionalProperties !== undefined,
  );
  const agreeing = all.filter((option) =>
    Object.entries(option.properties ?? {}).every(([name, property]) => {
      const written = isMap(node) ? spec.string(node, name) : undefined;
      return (
        property.const === undefined || written === undefined || written === "" || String(property.const) === written
      );
    }),
  );
  return agreeing.length > 0 ? agreeing : all;
}

/** What the schema says of the value at a path, or undefined where it knows nothing. @param top of another kind of file than a spec */
export function schemaAt(spec: SpecDocument, path: readonly Step[], top: Schema = root): Schema | undefined {
  let schema: Schema | undefined = top;
  let node: SpecNode | undefined = spec.root;
  for (const step of path) {
    schema = below(spec, schema, node, step);
    node = node === undefined ? undefined : spec.at(node, step);
    if (schema === undefined) {
      return undefined;
    }
  }
  return schema;
}

function below(spec: SpecDocument, schema: Schema, node: SpecNode | undefined, step: Step): Schema | undefined {
  if (typeof step === "number") {
    return alternatives(schema).find((option) => option.items !== undefined)?.items;
  }
  const options = fitting(spec, schema, node);
  const named = options.map((option) => option.properties?.[step]).filter((property) => property !== undefined);
  if (named.length > 1 && named.every((property) => property.const !== undefined)) {
    return { oneOf: named };
  }
  if (named[0] !== undefined) {
    return named[0];
  }
  const open = options.find((option) => typeof option.additionalProperties === "object")?.additionalProperties;
  return typeof open === "object" ? open : undefined;
}

/** The words for a value: its own, or those of its type. */
export function describe(schema: Schema): string | undefined {
  if (schema.description !== undefined) {
    return schema.description;
  }
  const name = definitionOf(schema);
  return name === undefined ? undefined : root.definitions[name]?.description;
}

/** The values of an enumeration with their words. */
export function values(schema: Schema): { value: string; description?: string }[] {
  return alternatives(schema).flatMap((option) => {
    if (option.const !== undefined) {
      return [{ value: String(option.const) }];
    }
    if (option.type === "boolean" || (Array.isArray(option.type) && option.type[0] === "boolean")) {
      return [{ value: "true" }, { value: "false" }];
    }
    return (option.enum ?? []).map((value, at) => {
      const description = option.enumDescriptions?.[at];
      return { value: String(value), ...(description === undefined || description === "" ? {} : { description }) };
    });
  });
}

/** The kind of a value in a word or two. */
export function kindOf(schema: Schema): string {
  const name = definitionOf(schema);
  if (name === "duration") {
    return "duration";
  }
  const [first] = alternatives(schema);
  if (first === undefined) {
    return "anything";
  }
  if (values(schema).length > 0) {
    return first.type === "boolean" || (Array.isArray(first.type) && first.type.includes("boolean"))
      ? "true or false"
      : "one of its names";
  }
  if (name === "text" || first === root.definitions["text"]) {
    return "text";
  }
  if (first.items !== undefined) {
    return `list of ${kindOf(first.items)}`;
  }
  if (first.properties !== undefined || first.additionalProperties !== undefined) {
    return "mapping";
  }
  return (
    { integer: "whole number", number: "number", string: "text", boolean: "true or false" }[kindWord(first)] ?? "text"
  );
}

function kindWord(schema: Schema): string {
  return Array.isArray(schema.type) ? (schema.type[0] ?? "") : (schema.type ?? "");
}

/** What the schema says of one kind of wasm service: the capabilities that it must not ask for. */
interface WorldRule {
  if?: { properties?: { service_type?: { const?: string } } };
  then?: { properties?: { wasm?: { properties?: { capabilities?: { properties?: object; required?: string[] } } } } };
}

/** The capabilities that a wasm world lacks, and which of them it asks for by leaving them out. */
export function lackingCapabilities(world: string): { name: string; isDefault: boolean }[] {
  const rules = (document.definitions.ServiceSpec.dependencies.service_type.allOf ?? []) as WorldRule[];
  const rule = rules.find((candidate) => candidate.if?.properties?.service_type?.const === world);
  const capabilities = rule?.then?.properties?.wasm?.properties?.capabilities;
  return Object.keys(capabilities?.properties ?? {}).map((name) => ({
    name,
    isDefault: capabilities?.required?.includes(name) === true,
  }));
}
