/** The real proxies, with a recipe from the documents in their config. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { type RunningProcess, startProcess } from './process.ts';

/** Caddy knows the format of its config by the name of the file; the others do not mind. */
export const CONFIG_FILE = 'Caddyfile';

export interface Proxy {
  readonly title: string;
  readonly language: string;
  readonly binary: string;
  /** The whole config around what the recipe shows. */
  readonly config: (recipe: string, folder: string, adminPort: number) => string;
  readonly args: (configFile: string, folder: string) => readonly string[];
}

const MODULES = '/usr/lib/apache2/modules';

export const PROXIES: readonly Proxy[] = [
  {
    title: 'nginx',
    language: 'nginx',
    binary: '/usr/sbin/nginx',
    config: (recipe, folder) =>
      `daemon off; user root; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http { access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
${recipe} }`,
    args: (file) => ['-c', file],
  },
  {
    title: 'HAProxy',
    language: 'haproxy',
    binary: '/usr/sbin/haproxy',
    config: (recipe) => `defaults\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n${recipe}`,
    args: (file, folder) => ['-W', '-f', file, '-p', `${folder}/pid`],
  },
  {
    title: 'Apache',
    language: 'apache',
    binary: '/usr/sbin/apache2',
    config: (recipe, folder) =>
      [
        ...['mpm_event', 'authz_core', 'ssl', 'socache_shmcb', 'proxy', 'proxy_http'].map(
          (name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`,
        ),
        `ServerRoot ${folder}`,
        `DefaultRuntimeDir ${folder}`,
        `PidFile ${folder}/pid`,
        `ErrorLog ${folder}/error.log`,
        'ServerName example.org',
        'User nobody',
        'Group nogroup',
        recipe,
      ].join('\n'),
    args: (file) => ['-DFOREGROUND', '-f', file],
  },
  {
    title: 'Caddy',
    language: 'caddy',
    binary: '/usr/bin/caddy',
    config: (recipe, folder, adminPort) =>
      `{\n admin 127.0.0.1:${adminPort}\n auto_https disable_redirects\n skip_install_trust\n storage file_system ${folder}/caddy\n}\n${recipe}`,
    args: (file) => ['run', '--config', file],
  },
];

/** With this recipe in its config, `NAME.pid` of it being `FOLDER/pid`. */
export async function startProxy(
  { binary, config, args }: Proxy,
  recipe: string,
  folder: string,
): Promise<RunningProcess> {
  const file = join(folder, CONFIG_FILE);
  await mkdir(join(folder, 'caddy'), { recursive: true });
  await writeFile(file, config(recipe, folder, await freePort()));
  return startProcess(binary, args(file, folder), {
    log: join(folder, 'proxy.log'),
    cwd: folder,
    env: { HOME: folder },
  });
}
