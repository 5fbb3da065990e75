// The asks of each row that other fetch servers fell to, and how each has to end.

type Ask = readonly [tool: string, args: Readonly<Record<string, unknown>>, expect: string]

const ADDRESS = 'url_denied address'
const get = (url: string, expect = ADDRESS, more: Readonly<Record<string, unknown>> = {}): Ask => [
  'fetch_url',
  { url, ...more },
  expect,
]
const head = (url: string, expect = ADDRESS) => get(url, expect, { method: 'HEAD' })
const post = (url: string, expect = ADDRESS): Ask => ['post_url', { url, body: '{}' }, expect]
const site = (path = '/', name = 'good') => `https://${name}.example.com${path}`

const MAPPED = [
  ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::FFFF:7F00:1]', '[0:0:0:0:0:ffff:7f00:1]', '[::ffff:127.0.0.1]:443'],
  ...['[0000:0000:0000:0000:0000:ffff:127.0.0.1]', '[::ffff:0:127.0.0.1]', '[::ffff:a9fe:a9fe]', '[::ffff:10.0.0.5]'],
]
const DRESSED = [
  ...[
    '[::127.0.0.1]',
    '[::7f00:1]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b::127.0.0.1]',
    '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]',
  ],
  ...['[2002:7f00:1::1]', '[2001:0:7f00:1::]', '[2001:0:4136:e378:8000:63bf:3fff:fdd2]', '[fe80::5efe:7f00:1]'],
  ...['[2606:4700::5efe:7f00:1]', '[2606:4700::200:5efe:a00:5]', '[::1]', '[::]', '[fd00:ec2::254]'],
]
const SPELLED = [
  ...['2130706433', '0x7f000001', '0177.0.0.1', '0x7f.1', '127.1', '127.0.1', '017700000001', '127.000.000.001'],
  ...['127.0.0.1.', '0', '0.0.0.0', '1.0.0.127.', '３.0.0.1', '127。0。0。1', '①②⑦.0.0.1', '10.0.0.5', '3232235777'],
]
const HIDDEN = ['localhost', 'localhost.', 'LOCALHOST', 'foo.localhost', 'metadata', 'metadata.google.internal']
const ROUTING = [
  ...[
    'host',
    'x-forwarded-host',
    'x-forwarded-for',
    'forwarded',
    'x-original-url',
    'x-rewrite-url',
    'x-atlassian-jira-url',
  ],
  ...[
    'x-target-url',
    'proxy-authorization',
    'connection',
    'transfer-encoding',
    'content-length',
    'x-http-method-override',
  ],
]
const METADATA = '169.254.169.254'

/** What the front may ask of an authorization server, and how each key set has to fail. */
export const ISSUER_URLS: readonly (readonly [url: string, expect: string])[] = [
  ...['loopback', 'loopback6', 'mapped', 'private', 'metadata', 'mixed', 'alias', 'own'].map(
    (name) => [site('/jwks', name), 'url_denied'] as const,
  ),
  [`https://${METADATA}/jwks`, 'url_denied'],
  ['https://[::ffff:7f00:1]/jwks', 'url_denied'],
]

export const ROWS = {
  P21: [
    ...MAPPED.map((host) => get(`https://${host}/`, `${ADDRESS} or url_denied authority`)),
    ...MAPPED.slice(0, 2).map((host) => get(`http://${host}/`, 'url_denied scheme')),
    get(site('/', 'mapped')),
    get(site('/mapped', 'turn')),
    get(site()),
  ].map(answeredAtHome),
  32: [
    get(`https://${METADATA}/latest/meta-data/iam/security-credentials/`),
    get(`http://${METADATA}/latest/meta-data/`, 'url_denied scheme'),
    get(site('/', 'metadata')),
    get(site('/loopback', 'turn')),
    get(site('/metadata', 'turn')),
    get(site('/', 'robots')),
    get(site('/', 'robots2')),
  ],
  33: [
    get(site('/', 'robots3'), 'url_denied robots'),
    head(site('/', 'robots3'), 'url_denied robots'),
    post(site('/', 'robots3'), 'url_denied robots'),
    get(site('/', 'robots5'), 'too_large'),
    get(site('/', 'robots6'), 'url_denied robots'),
    get(site('/', 'robots7'), 'url_denied robots'),
  ],
  34: DRESSED.map((host) => get(`https://${host}/`)),
  35: [
    ...Array.from({ length: 30 }, () => get(site('/', 'rebind'), `answered or ${ADDRESS}`)),
    get(site('/name', 'turn')),
    get(site('/far', 'turn')),
    head(site('/far', 'turn')),
  ],
  36: [
    ...['loopback', 'loopback6', 'private', 'metadata', 'azure', 'own', 'mixed', 'mixed6', 'alias', 'many'].map(
      (name) => get(site('/', name)),
    ),
    head(site('/', 'private')),
    post(site('/', 'private')),
  ],
  37: [
    get(`https://${METADATA}/latest/meta-data/iam/security-credentials/`),
    get(`https://${METADATA}/latest/meta-data/iam/security-credentials/role`),
    get(site(), 'url_denied header', { headers: { 'X-aws-ec2-metadata-token': 'x' } }),
    get(site(), 'url_denied header', { headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' } }),
    get(site('/', 'metadata'), ADDRESS),
    post(`https://${METADATA}/latest/api/token`),
    get('https://instance-data/latest/', 'url_denied host'),
  ],
  38: [
    get(
      `https://${METADATA}/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/`,
    ),
    get('https://168.63.129.16/machine/?comp=goalstate'),
    get(site('/', 'azure')),
    get(site(), 'url_denied header', { headers: { Metadata: 'true' } }),
    get(site(), 'url_denied header', { headers: { 'Metadata-Flavor': 'Google' } }),
    get('https://metadata.google.internal/computeMetadata/v1/', 'url_denied host'),
  ],
  39: [
    ...ROUTING.map((name) => get(site(), 'url_denied header', { headers: { [name]: '127.0.0.1' } })),
    get(site(), 'url_denied header', { headers: { accept: 'a\r\nHost: 127.0.0.1' } }),
    get(site(), 'answered', { headers: { 'accept-language': 'de' } }),
  ],
  40: [
    ...SPELLED.map((host) => get(`https://${host}/`, `${ADDRESS} or url_denied host or url_denied authority`)),
    ...HIDDEN.map((host) => get(`https://${host}/`, 'url_denied host')),
    get(site('/decimal', 'turn')),
  ],
  41: [
    get('file:///etc/passwd', 'url_denied scheme'),
    get('file://localhost/etc/passwd', 'url_denied scheme'),
    get('view-source:https://127.0.0.1/', 'url_denied scheme'),
    get('https://127.0.0.1/'),
    get('https://localhost/', 'url_denied host'),
    get('data:text/html,<script>fetch("https://127.0.0.1")</script>', 'url_denied characters'),
  ],
  42: [
    get('https://loopback.example.com\u0000.good.example.com/', 'url_denied characters'),
    get('https://good.example.com\u0000@127.0.0.1/', 'url_denied characters'),
    get('https://loopback.example.com%00.good.example.com/', 'url_denied authority'),
    get('https://good.example.com/\u0000', 'url_denied characters'),
    get('https://127.0.0.1\u0000.example.com/', 'url_denied characters'),
    get(site('/nul', 'turn'), 'upstream_failed'),
  ],
} as const satisfies Record<string, readonly Ask[]>

// The last ask of the first row is the public site itself: a server that refuses everything would pass all the others.
function answeredAtHome(ask: Ask): Ask {
  return ask[1]['url'] === site() ? [ask[0], ask[1], 'answered'] : ask
}
