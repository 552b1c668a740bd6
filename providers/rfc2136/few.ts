const SHOWN = 3;

/** For a message that every site of the zone gets: a list of thousands helps nobody. */
export function few(texts: readonly string[]): string {
  const shown = texts.slice(0, SHOWN).join(', ');
  return texts.length > SHOWN ? `${shown} and ${texts.length - SHOWN} more` : shown;
}
