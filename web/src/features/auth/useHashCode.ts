import { useEffect, useState } from 'react';

/** The code that a link brought. What follows the # never leaves the browser; it is taken out of the address at once. */
export function useHashCode(): [string, (code: string) => void] {
  const [code, setCode] = useState(() => decodeURIComponent(location.hash.slice(1)));
  useEffect(() => {
    if (location.hash) history.replaceState(null, '', location.pathname);
  }, []);
  return [code, setCode];
}
