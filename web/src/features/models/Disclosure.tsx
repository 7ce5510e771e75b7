import { type ReactNode, useState } from 'react';
import classes from './models.module.css';

/** A part of the page that opens; what is in it is asked for when it does. */
export function Disclosure({
  title,
  isOpen = false,
  level: Heading = 'h3',
  children,
}: {
  title: string;
  isOpen?: boolean;
  level?: 'h2' | 'h3';
  children: () => ReactNode;
}) {
  const [wasOpened, setWasOpened] = useState(isOpen);
  return (
    <details
      className={classes.disclosure}
      open={isOpen}
      onToggle={(event) => event.currentTarget.open && setWasOpened(true)}
    >
      <summary>
        <Heading>{title}</Heading>
      </summary>
      {wasOpened && <div className={classes.disclosed}>{children()}</div>}
    </details>
  );
}
