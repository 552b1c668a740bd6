/** A folder of ours that somebody else reads. */
export interface ReadOutput {
  readonly directory: string;
  readonly owner?: string;
  readonly group?: string;
}

/** A port: what the rights of folders allow, without trying it. */
export interface RightsLooker {
  /** @returns why the state directory cannot be used as it is; null when it can, or is not there yet */
  unsafe(directory: string): Promise<string | null>;
  /**
   * @returns the folder that this process would have to write to and may not: the directory, or the one above when it is
   * not there yet; null when it may
   */
  notWritable(directory: string): Promise<string | null>;
  /**
   * The first folder from the root to `directory` (links followed) that the owner, or a member of the group, may not
   * enter; null when they may. Without owner and group nothing is known of who reads. Access control lists are not read.
   * @throws DelegatedError E_OUTPUT_OWNER
   */
  closedTo(output: ReadOutput): Promise<string | null>;
}
