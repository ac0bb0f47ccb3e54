// The type of an answer without errors. The schema lets a list of pages be null, so that a refused argument costs no more
// than its list; such a null comes with an error, and pages show data without errors only.
type Connection = { nodes: unknown } | { edges: unknown };
type Present<Value> = NonNullable<Value> extends Connection ? NonNullable<Value> : Value;

export type Complete<Data> = Data extends readonly (infer Item)[] ? Complete<Item>[] : Data extends object ? { [Name in keyof Data]: Complete<Present<Data[Name]>> } : Data;
