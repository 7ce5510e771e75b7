// Makes the types out of the OpenAPI document.
import openapi, { astToString, COMMENT_HEADER } from 'openapi-typescript';

/** Enumerations as JSON carries them: the document may name `FollowUp` what is sent as `follow_up`. */
function asSent(name, word) {
  if (!/^[A-Z][a-z]/.test(word)) return word;
  if (name === 'ImageFormat') return word.toUpperCase();
  return word.replace(/(?<!^)([A-Z])/g, '_$1').toLowerCase();
}

/** The source text of `src/api/schema.ts` for a document. */
export async function typesOf(document) {
  const mended = structuredClone(document);
  for (const [name, schema] of Object.entries(mended.components.schemas)) {
    if (schema.type === 'string' && schema.enum) schema.enum = schema.enum.map((word) => asSent(name, word));
  }
  return COMMENT_HEADER + astToString(await openapi(mended, { silent: true }));
}
