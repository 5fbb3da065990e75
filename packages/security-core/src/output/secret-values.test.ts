// Proves which texts are credentials and which only look like one. All of them are made here: none ever opened anything.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { Denial } from '../denial.ts'
import { hiddenCharacters } from './hidden-characters.ts'
import { release } from './release.ts'
import { SECRET_KINDS, secretValues } from './secret-values.ts'

const credentials = secretValues('credentials', 'redact')
const accounts = secretValues('account_numbers', 'redact')

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const base62 = (value: number): string =>
  Array.from({ length: 6 }, (_, place) => DIGITS.charAt(Math.floor(value / 62 ** (5 - place)) % 62)).join('')
const from = (letters: string, length: number) =>
  Array.from({ length }, (_, i) => letters[(i * 7 + 3) % letters.length]).join('')
const word = (length: number) => from(DIGITS, length)
const checked = (start: string, body: string, over: string) => `${start}${body}${base62(crc32(over))}`
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const pem = (label: string) => `-----BEGIN ${label}-----\n${word(64)}\n${word(64)}\n-----END ${label}-----`

const SECRETS: readonly (readonly [name: keyof typeof SECRET_KINDS.credentials, text: string])[] = [
  ['mcp_key', checked('mcp_', word(43), `mcp_${word(43)}`)],
  ['github_token', checked('ghp_', word(30), word(30))],
  ['github_token', checked('ghs_', word(30), word(30))],
  ['github_fine_grained_token', `github_pat_${word(22)}_${word(59)}`],
  ['npm_token', checked('npm_', word(30), word(30))],
  ['gitlab_token', `glpat-${word(20)}`],
  ['gitlab_token', `glrt-${word(27)}.01.a1b2c3d4e`],
  ['grafana_token', `glsa_${word(32)}_${crc32(word(32)).toString(16).padStart(8, '0')}`],
  ['google_oauth_secret', `GOCSPX-${word(28)}`],
  ['slack_webhook', `hooks.slack.com/services/T0123ABCD/B0123ABCD/${word(24)}`],
  ['pypi_token', `pypi-AgEIcHlwaS5vcmc${word(120)}`],
  ['huggingface_token', `hf_${from('abcdefghijKLMNOPQRSTuvwxyz', 34)}`],
  ['docker_token', `dckr_pat_${word(27)}`],
  ['digitalocean_token', `dop_v1_${from('0123456789abcdef', 64)}`],
  ['sendgrid_key', `SG.${word(22)}.${word(43)}`],
  ['shopify_token', `shpat_${from('0123456789abcdef', 32)}`],
  ['telegram_token', `123456789:AA${word(33)}`],
  ['vault_token', `hvs.${word(95)}`],
  ['azure_storage_key', `AccountKey=${word(86)}==`],
  ['age_key', `AGE-SECRET-KEY-1${from('023456789ACDEFGHJKLMNPQRSTUVWXYZ', 58)}`],
  ['aws_key_id', `AKIA${from('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)}`],
  ['aws_key_id', `ASIA${from('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)}`],
  ['google_api_key', `AIza${word(35)}`],
  ['slack_token', `xoxb-123456789012-1234567890123-${word(24)}`],
  ['stripe_key', `sk_live_${word(24)}`],
  ['anthropic_key', `sk-ant-api03-${word(95)}`],
  ['openai_key', `sk-proj-${word(120)}`],
  ['jwt', `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded({ sub: '1' })}.${word(43)}`],
  ['private_key', pem('PRIVATE KEY')],
  ['private_key', pem('EC PRIVATE KEY')],
  ['private_key', pem('OPENSSH PRIVATE KEY')],
  ['private_key', pem('PGP PRIVATE KEY BLOCK')],
]

const NO_SECRETS: readonly (readonly [because: string, text: string])[] = [
  ['prose', 'Put your API key into MCP_KEY; it begins with mcp_ and expires.'],
  ['our key with another check digit', `${checked('mcp_', word(43), `mcp_${word(43)}`).slice(0, -1)}_`],
  ['a placeholder', `ghp_${'x'.repeat(36)}`],
  ['a placeholder', 'xoxb-your-token-goes-right-here'],
  ['a token with a wrong checksum', `npm_${word(36)}`],
  ['a commit', '475d833bc8577c475d833bc8577c475d833bc857'],
  ['a UUID', '123e4567-e89b-12d3-a456-426614174000'],
  ['a digest', `sha256:${'ab12'.repeat(16)}`],
  ['base64 of a picture', Buffer.from(word(300)).toString('base64')],
  ['a public key', pem('PUBLIC KEY')],
  ['a certificate', pem('CERTIFICATE')],
  [
    'the label of a private key without one',
    'A file starts with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY-----.',
  ],
  ['an unsigned token', `${encoded({ alg: 'none' })}.${encoded({ sub: '1' })}.${word(43)}`],
  ['three parts that are no token', `eyJhbm90aGVyIHRleHQ.${word(20)}.${word(43)}`],
  ['a word that holds the start of a key', `SLAKIA${from('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)}`],
  ['a name in code', 'const sk_live_mode = ask_live_question()'],
  ['a test key of Stripe', `sk_test_${word(24)}`],
  ['a Grafana token with a wrong checksum', `glsa_${word(32)}_00000000`],
  ['a name that begins like a token', `hf_${'transformers'.repeat(3).slice(0, 34)}`],
  ['a runner without a number', 'glrt-your-runner-token-goes-here'],
  ['a time and a word', '12345678:AAAA'],
  ['a host of Slack', 'https://hooks.slack.com/services/T000/B000/XXXX'],
  ['a file name', 'npm_lifecycle_script, npm_package_json, github_pat_rotation.md'],
]

const ACCOUNTS: readonly (readonly [because: string, text: string, expected: string])[] = [
  ['Visa', '4111 1111 1111 1111', '[redacted: card_number]'],
  ['Mastercard', '5555555555554444', '[redacted: card_number]'],
  ['Mastercard, second range', '2223003122003222', '[redacted: card_number]'],
  ['American Express', '3782-822463-10005', '[redacted: card_number]'],
  ['UnionPay', '6240008631401148', '[redacted: card_number]'],
  ['a wrong last digit', '4111 1111 1111 1112', '4111 1111 1111 1112'],
  ['no network', '9111111111111111', '9111111111111111'],
  ['one digit again and again', '4444444444444444', '4444444444444444'],
  ['milliseconds', '1764000000000', '1764000000000'],
  ['a longer number', '41111111111111111111111', '41111111111111111111111'],
  ['a German account', 'DE89 3704 0044 0532 0130 00', '[redacted: iban]'],
  ['a British account', 'GB29NWBK60161331926819', '[redacted: iban]'],
  ['a Norwegian account', 'NO9386011117947', '[redacted: iban]'],
  ['a wrong digit', 'DE88 3704 0044 0532 0130 00', 'DE88 3704 0044 0532 0130 00'],
  ['a wrong length', 'DE8937040044053201300', 'DE8937040044053201300'],
  ['no country', 'XX89370400440532013000', 'XX89370400440532013000'],
]

const spend = { deadlineMs: 1, outputBytes: 100_000 }

suite('secretValues()', () => {
  for (const [name, text] of SECRETS)
    test(`${name}: ${text.slice(0, 24).replace('\n', ' ')}…`, () => {
      for (const [before, after] of [
        ['', ''],
        ['key=', '.'],
        ['"', '"'],
        ['(', ')'],
        ['hf_/', '.'], // another kind may begin just before, and does not
        ['x: ', '\nend'],
      ] as const) {
        const { text: cleaned, removed } = credentials.clean(`${before}${text}${after}`)
        const rest = name === 'private_key' ? '' : after // what follows a PEM block may be taken with it
        assert.ok(cleaned.startsWith(`${before}[redacted: ${name}]${rest}`), cleaned.slice(0, 80))
        assert.equal(removed, 1)
        assert.ok(!cleaned.includes(text.slice(8, 18)))
      }
      assert.ok(credentials.suspects.test(JSON.stringify({ text })), 'it is looked for')
    })

  for (const [because, text] of NO_SECRETS)
    test(`passes ${because}: ${text.slice(0, 40).replace('\n', ' ')}`, () =>
      assert.deepEqual(credentials.clean(text), { text, removed: 0 }))

  for (const [because, text, expected] of ACCOUNTS)
    test(`account numbers: ${because}, ${text}`, () =>
      assert.equal(accounts.clean(`no. ${text}, paid`).text, `no. ${expected}, paid`))

  test('every kind of the table has its row here', () => {
    const seen = new Set(SECRETS.map(([name]) => name))
    assert.deepEqual(
      Object.keys(SECRET_KINDS.credentials).filter((name) => !seen.has(name as 'jwt')),
      [],
    )
  })

  test('the answer says how many, and a credential behind hidden characters is found', () => {
    const token = SECRETS[1]?.[1] ?? ''
    const text = JSON.stringify({ rows: [[token], [`${token.slice(0, 2)}\u200b${token.slice(2)}`]] })
    const { structured } = release({ text }, [hiddenCharacters, credentials], spend)
    assert.deepEqual(structured, {
      rows: [['[redacted: github_token]'], ['[redacted: github_token]']],
      notices: ['1 hidden or control characters were removed', '2 credentials were redacted'],
    })
  })

  test('refuse lets nothing of the answer out', () => {
    const text = JSON.stringify({ rows: [['fine'], [SECRETS[0]?.[1]]] })
    const refuse = () => release({ text }, [hiddenCharacters, secretValues('credentials', 'refuse')], spend)
    assert.throws(refuse, (thrown) => {
      assert.ok(thrown instanceof Denial)
      assert.deepEqual(
        [thrown.code, thrown.says],
        ['policy_denied', 'The answer holds a value that may not leave this server'],
      )
      return true
    })
  })

  test('random text is left as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        assert.deepEqual(credentials.clean(text), { text, removed: 0 })
      }),
    )
  })

  test('no text makes it slow: twice the length costs about twice the time', () => {
    const costly = [
      'mcp_',
      'eyJ',
      'eyJaaaaaaaaaaaa.',
      '-----BEGIN PRIVATE KEY-----',
      'AIza',
      '4111 ',
      'DE89 ',
      'xoxb-1-',
      'A',
    ].flatMap((piece) => [credentials, accounts].map((filter) => [piece, filter] as const))
    for (const [piece, filter] of costly) {
      const timeOf = (chars: number) => {
        const text = piece.repeat(chars / piece.length)
        const start = performance.now()
        filter.clean(text)
        return performance.now() - start
      }
      timeOf(10_000)
      assert.ok(timeOf(262_144) < 5_000, `${piece} with ${filter.name}`)
    }
  })
})
