import { useId } from 'react';
import { FieldError, Input, Label, Text, TextField } from 'react-aria-components';

interface FieldProps {
  label: string;
  name: string;
  value: string;
  onChange: (value: string) => void;
  type?: 'text' | 'email' | 'password' | 'number' | 'datetime-local' | 'date';
  autoComplete?: string;
  hint?: string;
  error?: string | null;
  isRequired?: boolean;
  isDisabled?: boolean;
  maxLength?: number;
  min?: number;
}

export function Field({ label, hint, error, min, ...rest }: FieldProps) {
  return (
    <TextField {...rest} isInvalid={Boolean(error)} validationBehavior="aria" className="field">
      <Label>{label}</Label>
      <Input className="input" dir={rest.type === 'email' || rest.type === 'password' ? 'ltr' : 'auto'} min={min} />
      {hint && (
        <Text slot="description" className="small muted">
          {hint}
        </Text>
      )}
      <FieldError className="field-error">{error}</FieldError>
    </TextField>
  );
}

interface SelectFieldProps<Value extends string> {
  label: string;
  value: Value;
  options: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
}

// The browser's own list: it is what phones and screen readers handle best, and needs no code.
export function SelectField<Value extends string>({ label, value, options, onChange }: SelectFieldProps<Value>) {
  const id = useId();
  return (
    <div className="field select">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value as Value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}
