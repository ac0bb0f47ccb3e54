import { type ReactNode, useId } from 'react';

interface SectionProps {
  title: string;
  more?: ReactNode;
  children: ReactNode;
}

// A card with a heading, which is its name.
export function Section({ title, more, children }: SectionProps) {
  const id = useId();
  return (
    <section className="card section" aria-labelledby={id}>
      <div className="section-head">
        <h2 id={id}>{title}</h2>
        {more}
      </div>
      {children}
    </section>
  );
}

export function Empty({ children }: { children: ReactNode }) {
  return <p className="empty">{children}</p>;
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
