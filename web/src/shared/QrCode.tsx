/** A QR code from its rows of `0` and `1`, black on white in every theme, with the margin that readers need. */
export function QrCode({ rows, label }: { rows: string[]; label: string }) {
  const margin = 4;
  const size = rows.length + 2 * margin;
  const dark = rows
    .flatMap((row, y) => [...row].map((cell, x) => (cell === '1' ? `M${x + margin} ${y + margin}h1v1h-1z` : '')))
    .join('');
  return (
    <svg role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} width="100%" style={{ maxWidth: 220 }} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={dark} fill="#000" />
    </svg>
  );
}
