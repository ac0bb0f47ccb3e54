// Of a document on one type, the code generator also says that the node may be an empty object: of another type.
type Empty = Record<PropertyKey, never>;

// The one type of a `node(id:)` that a page is about, recognised by a field that it has.
export type NodeWith<Node, Field extends string> = Extract<Exclude<NonNullable<Node>, Empty>, Record<Field, unknown>>;

// The node if it is of that type; null for one of another type, and for one that does not exist.
export function nodeWith<Node, Field extends string>(node: Node | null | undefined, field: Field): NodeWith<Node, Field> | null {
  return node && typeof node === 'object' && field in node ? (node as unknown as NodeWith<Node, Field>) : null;
}
