import type { ReactNode } from 'react';

interface Option<Value extends string> {
  value: Value;
  label: string;
  detail?: ReactNode;
}

interface ChoicesProps<Value extends string> {
  legend: string;
  name: string;
  value: Value | null;
  options: readonly Option<Value>[];
  onChange: (value: Value) => void;
}

// One of several, each with room for a detail.
export function Choices<Value extends string>({ legend, name, value, options, onChange }: ChoicesProps<Value>) {
  return (
    <fieldset className="choices">
      <legend>{legend}</legend>
      {options.map((option) => (
        <label key={option.value} className="choice">
          <input type="radio" name={name} value={option.value} checked={value === option.value} onChange={() => onChange(option.value)} />
          <span>
            <span>{option.label}</span>
            {option.detail && <span className="small muted"> {option.detail}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
