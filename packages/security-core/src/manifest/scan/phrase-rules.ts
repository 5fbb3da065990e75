// Question: does this definition tell the model what to do, beyond how to use the tool?
// Threat:   tool poisoning: instructions in descriptions and schemas that the model follows and the user does not see.
// Rule:     each sentence of each text is looked at for orders to forget, to conceal, to hand over secrets or what was said, to serve or
//           replace other tools, and to send to a place that is written there.
// Limits:   words in some twenty languages, in plain or hidden writing; a paraphrase that avoids them passes. A mention is no order.
// Proof:    scan-tools.test.ts, test/manifest/corpus.test.ts
import { asRead, skeleton } from '../../input/text-as-read.ts'
import { excerptOf, type Hit, type Rule, type Severity } from './finding.ts'
import { HAND_OVER, OVERRIDE, READ_FIRST, SECRECY } from './languages.ts'

const MAX_SENTENCE = 2_000

const SECRET_FILE =
  /(?:\.(?:ssh|aws|gnupg|kube|netrc|npmrc|pypirc|git-credentials|azure|cursor|docker\/config|config\/(?:gh|gcloud))\b|\bid_(?:rsa|ed25519|ecdsa|dsa)\b|\/etc\/(?:passwd|shadow|sudoers)\b|\bmcp\.json\b|claude_desktop_config|(?<![\w*])\.env\b|\bwallet\.dat\b|cookies\.sqlite|\.bash_history|\/proc\/self\/environ)/u
const SECRET =
  /\b(?:api[ -]?keys?|access tokens?|bearer tokens?|session (?:cookies?|tokens?)|private keys?|passwords?|passphrases?|credentials|secrets?|seed phrases?|environment variables|printenv|ssh keys?)\b|passwort|passwörter|kennwort|zugangsdaten|mots? de passe|identifiants|contraseña|credenciales|senhas?\b|credenciais|parola d['’]ordine|credenziali|wachtwoord|парол|секретн|hasł|密码|密碼|密钥|私钥|凭证|パスワード|秘密鍵|認証情報|비밀번호|개인 키|자격 증명|كلمة المرور|كلمات المرور|पासवर्ड|mật khẩu|kata sandi/u
const OWNED =
  /\b(?:users?['’]s?|their|all|any|every|project|current|local|stored|environment)\b|\b(?:of|from) the users?\b|benutzer|nutzer|utilisateur|usuari|usuári|utente|пользовател|用户|ユーザ|사용자|المستخدم/u
const SAID =
  /\b(?:(?:conversation|chat|message|dialog(?:ue)?|session)s? (?:history|log|transcript|so far|context)|system prompt|chain of thought|(?:last|previous|prior|recent|all|entire|whole|full) (?:\w+ ){0,2}(?:messages|conversation|chat|dialogue|tool (?:results|outputs|calls))|(?:history|transcript|contents?|summary) of (?:the|this|our) (?:conversation|chat|session))\b|gesprächsverlauf|chatverlauf|historique de (?:la )?(?:conversation|discussion)|historial de (?:la )?(?:conversación|charla)|histórico da conversa|cronologia della (?:chat|conversazione)|истори\S+ (?:переписки|диалога|чата|разговора)|对话历史|聊天记录|对话记录|系统提示|会話履歴|会話の履歴|システムプロンプト|대화 (?:기록|내역|내용)|시스템 프롬프트|سجل المحادثة/u
const DUTY =
  /\b(?:must|should|shall|always|first|before|also|please|need(?:s|ed)? to|required?|otherwise|after (?:each|every)|each time|every time|whenever|then|make sure|ensure|ask)\b|immer|zuerst|toujours|d['’]abord|siempre|primero|sempre|всегда|сначала|必须|总是|必ず|まず|항상|먼저|دائما/u
const PLACE =
  /(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}|@[\w-]+\.[\w.]+:|https?:\/\/[^\s)>\]]+|\b\d{1,3}(?:\.\d{1,3}){3}\b|\+\d{8,}/u
const DISPATCH =
  /\b(?:bcc|cc|send|forward|upload|push|copy|mirror|submit|transmit|redirect|post)\b|(?<!\p{L})(?:sende|schicke|leite|envoie|envía|envia|invia|отправь|отправляй)(?!\p{L})|发送|送信|보내|أرسل/u

// A tool by name, or tools in general.
const TOOL =
  /\b[a-z]+(?:_[a-z]+)+\b|\b(?:other|another|all|any|every|each) (?:\w+ )?tools?\b|\btools? of (?:other|another)\b|\bthe \w+ tool\b/u
const WHEN = /\b(?:when|whenever|if|once|before|after|(?:every|each|any) ?time|instead of)\b/u
const ALTER =
  /\b(?:change|replace|redirect|rewrite|set|modify|alter|override)\b.{0,40}\b(?:recipient|address|number|argument|parameter|destination|bcc|amount|account|url)\b|\b(?:add|include|append)\b.{0,60}\bto (?:the |its |all )?(?:attendees|recipients|participants|members|guests|invitees|cc|bcc)\b|\b(?:all|every) (?:messages?|emails?|payments?|requests?|files?)\b.{0,20}\bmust (?:go|be sent|be forwarded)\b/u
const FEED =
  /\b(?:with|pass|include|provide|send)\b.{0,30}\b(?:what|complete|full|entire|whole|same|its|their|the) ?(?:was|were|you|arguments?|parameters?|results?|outputs?|answers?|contents?)\b/u
const OTHER_FIRST =
  /\b(?:before|prior to)\b.{0,30}\b(?:any|all|every|each) (?:of the )?(?:other )?tools?\b|bevor.{0,40}(?:irgendein|jede|ander)\S*.{0,15}(?:werkzeug|tool)|avant.{0,30}(?:tout|chaque|n['’]importe quel) autre outil|antes de.{0,30}(?:cualquier|toda|qualquer) (?:otra|outra) (?:herramienta|ferramenta)|prima di.{0,30}(?:qualsiasi|ogni) altro strumento|(?:перед|прежде).{0,30}(?:любого|любым|другого|другим|каждым).{0,10}инструмент|(?:调用|使用)(?:任何|其他|所有).{0,6}工具.{0,6}(?:前|时)|(?:他の|すべての)ツール.{0,15}(?:前に|際|とき)|다른 (?:모든 )?도구.{0,15}전에/u
const ARGUMENTS =
  /\b(?:arguments?|parameters?|results?|outputs?|inputs?|contents?)\b|argumente|inhalte|argumentos|arguments|аргумент|参数|引数|인수/u
const TALKED_DOWN =
  /\b(?:deprecated|unsafe|insecure|broken|disabled|forbidden|compromised)\b.{0,80}\buse this\b|\binstead of\b.{0,60}\b(?:other|another) (?:servers?|tools?)\b|\b(?:do not|don't|never) (?:use|call|trust)\b.{0,30}\b(?:any |the )?other tools?\b|\b(?:route|channel|direct|send|pass|run) (?:every|all|each)\b.{0,40}\bthrough this\b/u
const EACH_ANSWER =
  /\b(?:every time|each time|whenever|after (?:each|every)|before (?:each|every))\b.{0,40}\b(?:model|assistant|agent|you|answer|response|reply|message)\b.{0,80}\b(?:this tool|call this|must be (?:called|executed|run|invoked))\b/u

/** Quoted in a sentence about such attacks: a mention, as in the description of a scanner. */
const MENTION = /["'“”«»「`][^"'“”«»」`]*$/u
const ABOUT_ATTACKS = /\b(?:attacks?|injections?|jailbreaks?|detects?|weakness(?:es)?|malicious|harmful)\b/u

type Test = (sentence: string) => RegExpExecArray | null
const all =
  (first: RegExp, ...rest: readonly RegExp[]): Test =>
  (sentence) =>
    rest.every((pattern) => pattern.test(sentence)) ? first.exec(sentence) : null

const RULES: readonly (readonly [rule: Rule, severity: Severity, says: string, test: Test])[] = [
  ['override', 'high', 'Tells the model to forget its instructions', all(OVERRIDE)],
  ['secrecy', 'high', 'Tells the model to conceal something from the user', all(SECRECY)],
  ['secret_request', 'high', 'Asks for a file that holds secrets', all(SECRET_FILE, HAND_OVER)],
  ['secret_request', 'high', 'Has a file that holds secrets read first', all(SECRET_FILE, READ_FIRST)],
  ['secret_request', 'high', 'Asks for secrets', all(SECRET, HAND_OVER, OWNED, DUTY)],
  ['exfiltration', 'high', 'Asks for what was said or shown before', all(SAID, HAND_OVER)],
  ['redirection', 'high', 'Has data sent to a place that it names', all(PLACE, DISPATCH, DUTY)],
  ['cross_tool', 'high', 'Changes what another tool is called with', all(ALTER, TOOL, WHEN)],
  ['cross_tool', 'high', 'Takes what another tool gets or gives', all(FEED, TOOL, WHEN)],
  ['cross_tool', 'high', 'Puts itself before other tools and takes their arguments', all(OTHER_FIRST, ARGUMENTS)],
  ['cross_tool', 'low', 'Wants to be called before other tools', all(OTHER_FIRST)],
  ['cross_tool', 'medium', 'Speaks against other tools', all(TALKED_DOWN)],
  ['cross_tool', 'high', 'Wants to be called with every answer', all(EACH_ANSWER)],
]

/** Looks at one text in each form in which a model may read it. One hit for each rule at most, the worst. */
export function phraseHits(text: string): readonly Hit[] {
  const read = asRead(text)
  const forms = new Set([read.toLowerCase(), skeleton(text)])
  const found = new Map<Rule, Hit>()
  for (const form of forms)
    for (const sentence of sentencesOf(form))
      for (const [rule, severity, says, test] of RULES) {
        if (found.get(rule)?.severity === 'high') continue
        const match = test(sentence)
        if (match === null || (severity === 'low' && found.has(rule))) continue
        const isMention = MENTION.test(sentence.slice(0, match.index)) && ABOUT_ATTACKS.test(sentence)
        const excerpt = excerptOf(sentence, match.index, match[0].length)
        found.set(rule, { rule, severity: isMention ? 'low' : severity, says, excerpt })
      }
  return [...found.values()]
}

// A full stop inside `.env` or `mcp.json` ends no sentence; one before white space does.
const sentencesOf = (text: string): readonly string[] =>
  text
    .split(/(?<=[.!?;])\s+|(?<=[。！？；])|\n{2,}/u)
    .flatMap((sentence) => sentence.match(new RegExp(`[^]{1,${MAX_SENTENCE}}`, 'gu')) ?? [])
    .map((sentence) => sentence.replace(/\s+/gu, ' '))
