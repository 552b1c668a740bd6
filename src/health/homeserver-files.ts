export interface ReadFile {
  readonly path: string;
  readonly text: string;
}

/** A port: the files of a homeserver, which are not ours and are never written to. */
export interface HomeserverFiles {
  /**
   * The texts of a file, or of the `*.yaml` in a folder by their names, as Synapse takes `--config-path`.
   * @returns `why` when there is nothing that can be read
   */
  read(path: string): Promise<readonly ReadFile[] | { readonly why: string }>;
  /**
   * Under which name of `directory` a path arrives there, links followed one by one: `fullchain.pem`. Null when it never
   * comes by a name that stays the same from version to version, though it may end in one of the versions.
   */
  stableName(path: string, directory: string): Promise<string | null>;
}
