/** Whether a role name fits a pattern in which `*` stands for any run of characters; everything else is literal. */
export const fitsRolePattern = (roleName: string, pattern: string): boolean => {
  const [head = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return roleName === pattern;
  if (!roleName.startsWith(head)) return false;
  const tail = rest.pop() ?? '';
  let from = head.length;
  for (const part of rest) {
    const at = roleName.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return roleName.length - tail.length >= from && roleName.endsWith(tail);
};

/** `arn:aws:sts::111122223333:assumed-role/name/session` → its role and session; an IAM user's name counts as the role's. */
export const rolePartsOf = (principal: string): { roleName: string | null; sessionName: string | null } => {
  const role = /^arn:aws[a-z-]*:sts::\w{12}:assumed-role\/([^/\s]{1,64})\/(\S{1,64})$/.exec(principal);
  if (role !== null) return { roleName: role[1] ?? null, sessionName: role[2] ?? null };
  const iam = /^arn:aws[a-z-]*:iam::\w{12}:(?:user|role)\/(?:\S{0,512}\/)?([^/\s]{1,64})$/.exec(principal);
  return { roleName: iam?.[1] ?? null, sessionName: null };
};
