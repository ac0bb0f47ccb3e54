import { type ReactNode } from 'react';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components';
import { Link } from 'wouter';

type Variant = 'primary' | 'plain' | 'quiet' | 'danger';

interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'children'> {
  variant?: Variant;
  children: ReactNode;
}

export function Button({ variant = 'plain', ...rest }: ButtonProps) {
  return <AriaButton {...rest} className="button" data-variant={variant} />;
}

export function ButtonLink({ to, variant = 'plain', children }: { to: string; variant?: Variant; children: ReactNode }) {
  return (
    <Link href={to} className="button" data-variant={variant}>
      {children}
    </Link>
  );
}
