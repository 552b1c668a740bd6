/** What happened of late, for a person who has to find out why a seed fails. */
export interface History {
  note(text: string): void;
  /** The last ones, oldest first. */
  lines(): readonly string[];
}

const KEPT = 80;

export function createHistory(stamp: () => string): History {
  let kept: string[] = [];
  let last = '';
  let times = 0;
  const line = (): string[] => (times > 1 ? [`${last}  (×${times})`] : last === '' ? [] : [last]);
  let lastText = '';
  return {
    note(text) {
      if (text === lastText) {
        times += 1;
        return;
      }
      kept = [...kept, ...line()].slice(-KEPT);
      last = `${stamp()}  ${text}`;
      lastText = text;
      times = 1;
    },
    lines: () => [...kept, ...line()],
  };
}
