// The merchant's accent as custom properties, made readable: text on the accent and the accent as text have a contrast of
// at least 4.5 to 1 (WCAG 2.2, 1.4.3), in the light and in the dark theme.
type Rgb = [number, number, number];

const MINIMUM = 4.5;
// On the surface itself the accent has more, because it is also the text on surfaces that are tinted by it.
const ON_SURFACE = 6;
const SURFACES = { light: [255, 255, 255], dark: [28, 31, 35] } as const satisfies Record<string, Rgb>;
const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [255, 255, 255];

export function applyTheme(root: HTMLElement, accent: string, radius: number): void {
  const base = rgbOf(accent) ?? [47, 93, 80];
  for (const [theme, surface] of Object.entries(SURFACES)) {
    const readable = readableOn(base, surface);
    root.style.setProperty(`--accent-${theme}`, css(readable));
    root.style.setProperty(`--on-accent-${theme}`, contrast(readable, WHITE) >= MINIMUM ? css(WHITE) : css(BLACK));
  }
  root.style.setProperty('--radius', `${Math.min(Math.max(radius, 0), 24)}px`);
}

// The colour, moved towards black or white until it can be read on the surface.
export function readableOn(colour: Rgb, surface: Rgb): Rgb {
  const target = luminance(surface) > 0.4 ? BLACK : WHITE;
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = mix(colour, target, share);
    if (contrast(mixed, surface) >= ON_SURFACE) return mixed;
  }
  return target;
}

export function contrast(one: Rgb, other: Rgb): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((left, right) => left - right) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function mix(colour: Rgb, target: Rgb, share: number): Rgb {
  return colour.map((part, index) => Math.round(part + (target[index]! - part) * share)) as Rgb;
}

function rgbOf(text: string): Rgb | null {
  const parts = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text)?.slice(1);
  return parts ? (parts.map((part) => Number.parseInt(part, 16)) as Rgb) : null;
}

function css(colour: Rgb): string {
  return `rgb(${colour.join(' ')})`;
}
