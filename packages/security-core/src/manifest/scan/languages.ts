// Words in which instructions to a model are written, by language. Matched in lower case, within one sentence, after NFKC.

/** What is told to forget what it was told before. */
export const OVERRIDE = union([
  String.raw`\b(?:ignore|disregard|forget|override|bypass|overlook|neglect)\b.{0,40}\b(?:previous|prior|earlier|preceding|above|all|any|existing|other|your|initial|original|system)\b.{0,30}\b(?:instructions?|rules?|directives?|prompts?|guidelines?|safeguards?|restrictions?|safety|commands?)\b`,
  String.raw`\b(?:forget|ignore|disregard) (?:everything|anything|all) (?:above|before|that|you|said|written)\b`,
  String.raw`\b(?:from now on|henceforth),? (?:you|the (?:assistant|model|agent)) (?:are|is|will|must|shall|act|obey|only)\b|\byou are now (?:an?|the|in|free|un)\b|\bnew (?:system )?instructions (?:for|to) the (?:ai|model|assistant|agent)`,
  String.raw`\b(?:instructions?|guidelines?|rules?|restrictions?|polic(?:y|ies)|safeguards?)\b.{0,60}\b(?:no longer (?:apply|applies|hold|count)|(?:are|is) (?:void|revoked|lifted|suspended|superseded|obsolete))\b`,
  String.raw`(?:ignorier|missacht|vergiss|vergesse|übergeh|verwirf)\S*.{0,40}(?:vorherig|bisherig|früher|vorig|obig|alle|sämtlich|zuvor)\S*.{0,25}(?:anweisung|instruktion|regel|vorgabe|befehl)`,
  String.raw`(?:ignore|oublie|néglige|fais abstraction)\S*.{0,30}(?:instruction|consigne|règle|directive)\S*.{0,25}(?:précédent|antérieur|ci-dessus|système)|(?:ignore|oublie)\S*.{0,20}(?:précédent|antérieur)\S*.{0,15}(?:instruction|consigne|règle)`,
  String.raw`(?:ignor[ae]|olvid[ae]|descart[ae]|esque[cç]|desconsider|dimentic|trascur)\S*.{0,30}(?:instruccion|instruç|istruzion|reglas|regras|regole|órdenes|ordens|indicacion|indicaç|indicazion|direttiv)\S*.{0,30}(?:anterior|previ|precedent|acima|arriba|prima|sistema)`,
  String.raw`(?:negeer|vergeet)\S*.{0,30}(?:vorige|eerdere|voorgaande|alle)\S*.{0,20}(?:instructies|opdrachten|regels|aanwijzingen)`,
  String.raw`(?:ignorera|glöm|bortse från|ignorer|glem).{0,30}(?:tidigare|alla|föregående|tidligere|alle).{0,20}(?:instruktion|regler|anvisning|instruks)`,
  String.raw`(?:игнорир|забудь|забыть|отбрось|не обращай внимания|ігнору|відкинь)\S*.{0,40}(?:инструкц|указан|правил|команд|інструкц|вказів)`,
  String.raw`(?:zignoruj|ignoruj|zapomnij|pomiń|ignorujte|zapomeň)\S*.{0,40}(?:instrukcj|poleceni|zasad|pokyn|instrukc)`,
  String.raw`(?:önceki|tüm|bütün|yukarıdaki).{0,30}(?:talimat|kural|yönerge|komut)\S*.{0,30}(?:yok say|görmezden gel|unut|dikkate alma)`,
  '(?:忽略|无视|無視|忘记|忘記|不理会|抛弃).{0,12}(?:指令|指示|说明|規則|规则|提示|要求)',
  '(?:指示|命令|ルール|指令|プロンプト|制約).{0,12}(?:無視|忘れ|破棄)',
  String.raw`(?:지시|명령|규칙|지침|프롬프트)\S*.{0,10}(?:무시|잊)`,
  '(?:تجاهل|انس|أهمل).{0,30}(?:التعليمات|الأوامر|القواعد|تعليمات|أوامر)',
  String.raw`(?:دستور|قوانین|فرمان)\S*.{0,30}(?:نادیده|فراموش)`,
  '(?:निर्देश|आदेश|नियम).{0,30}(?:अनदेखा|नज़रअंदाज़|नजरअंदाज|भूल)',
  '(?:bỏ qua|phớt lờ|quên).{0,30}(?:hướng dẫn|chỉ dẫn|chỉ thị|lệnh|quy tắc)',
  '(?:abaikan|lupakan).{0,30}(?:instruksi|perintah|aturan|petunjuk)',
])

/** What the user is not to hear of. */
export const SECRECY = union([
  String.raw`\b(?:do not|don't|never|must not|mustn't|should not|shouldn't|without|avoid|no need to|refrain from)\b.{0,20}\b(?:tell|telling|inform|informing|mention|mentioning|notify|notifying|alert|alerting|warn|warning)\b.{0,60}\b(?:users?|human|customer|operator|owner|anyone|anybody)\b`,
  String.raw`\b(?:do not|don't|never)\b.{0,10}\b(?:mention|reveal|disclose|show|tell|say|report|explain) (?:this|that|it|these|any of this|about this)\b`,
  String.raw`\bso (?:that )?the (?:user|human|customer) (?:does not|doesn't|will not|won't|cannot|can't|never|is not)\b.{0,20}\b(?:notic|know|see|learn|realiz|realis|find out|aware|ask|object)`,
  String.raw`\b(?:the )?(?:user|human|customer)s? (?:must not|should not|shouldn't|mustn't|must never|should never|may not|is not to|are not to)\b.{0,15}\b(?:know|notice|see|learn|be (?:told|informed|aware|notified|asked))\b`,
  String.raw`\bwithout\b.{0,20}\b(?:asking|requesting|waiting|seeking|confirmation|the user'?s?|user)\b.{0,25}\b(?:confirmation|permission|approval|consent|knowledge|knowing|noticing)\b`,
  String.raw`\b(?:silently|secretly|covertly|discreetly|invisibly|surreptitiously|unnoticed)\b.{0,50}\b(?:send|read|copy|forward|upload|include|append|attach|call|collect|pass|post|execute|transmit)\b|\bkeep (?:this|it|that) (?:a )?(?:secret|hidden|between us|from the user)\b`,
  String.raw`\b(?:keep|stay|remain) (?:quiet|silent|discreet)\b|\bsay nothing (?:about|of|to)\b|\bleave out (?:that|the fact)\b|\b(?:users?|person|human|customer)\b.{0,30}\b(?:has|have|is|are) no (?:need|reason) to\b.{0,10}\b(?:know|hear|learn|see|be)\b`,
  String.raw`(?:erwähn|sag|verrat|teil|bericht|zeig|informier)\S*.{0,50}(?:benutzer|nutzer|anwender|kunde)\S*.{0,30}(?:nicht|nichts|niemals)|(?:nicht|nie|niemals|ohne).{0,40}(?:benutzer|nutzer|anwender).{0,40}(?:erwähn|sag|mitteil|verrat|inform|wissen|zu fragen|merk)|(?:benutzer|nutzer|anwender).{0,30}(?:nicht|nichts|nie).{0,20}(?:erfahr|merk|wissen|bemerk)|(?:nicht|nie|niemals).{0,15}(?:erwähn|sag|verrat)\S*.{0,30}(?:benutzer|nutzer|anwender)`,
  String.raw`\bn[e'’].{0,15}(?:dis|dites|mentionne|informe|révèle|parle|signale|préviens|prévenez|montre|avertis)\S*.{0,40}(?:utilisateur|usager)|(?:sans|à l['’]insu).{0,30}(?:utilisateur|usager)`,
  String.raw`\b(?:no|nunca|jamás|não|sin|sem)\b.{0,20}(?:dig|dec|mencion|inform|revel|cont|avis|notif|coment)\S*.{0,40}(?:usuario|usuário|utilizador)|(?:usuario|usuário).{0,15}(?:no|não) (?:debe|deve|se entere)`,
  String.raw`\b(?:non|mai|senza)\b.{0,20}(?:dir|menzion|inform|rivel|avvis|avvert)\S*.{0,40}utente`,
  String.raw`(?:vertel|meld|noem|zeg|informeer|vermeld)\S*.{0,40}gebruiker.{0,30}niet|niet.{0,30}gebruiker.{0,30}(?:vertel|meld|zeg)|zonder.{0,30}gebruiker`,
  String.raw`(?:berätta|säg|nämn|fortell|nevn|si)\S*.{0,20}(?:inte|aldrig|ikke|aldri).{0,30}(?:användare|bruker)`,
  String.raw`(?:не|никогда|без).{0,20}(?:сообщ|говор|упомин|рассказ|информир|уведом|ставь в известность|повідом|кажи|розповід)\S*.{0,50}(?:пользовател|користувач)|незаметно для пользовател`,
  String.raw`(?:nie|nigdy|bez|ne|nikdy).{0,20}(?:mów|wspomin|inform|ujawni|powiadam|říkej|zmiňuj)\S*.{0,40}(?:użytkownik|uživatel)`,
  String.raw`kullanıcı\S*.{0,40}(?:söyleme|bahsetme|bildirme|haber verme|belli etme)`,
  '(?:不要|别|勿|不得|切勿|不能|不用|請勿|请勿|无需).{0,10}(?:告诉|告訴|告知|提及|提到|通知|透露|让|讓|向).{0,10}(?:用户|用戶|使用者)|瞒着用户',
  'ユーザー?.{0,20}(?:伝え|知らせ|話さ|言わ|教え|言及|報告|通知|気づか).{0,6}(?:ない|ず|せん|よう)',
  String.raw`(?:사용자|유저)\S*.{0,20}(?:알리지|말하지|언급하지|알려주지|고지하지|모르게)`,
  '(?:لا|دون|بدون).{0,20}(?:تخبر|تذكر|تبلغ|تعلم|إخبار|إبلاغ|إعلام|علم).{0,30}المستخدم',
  'کاربر.{0,30}(?:نگو|اطلاع نده|نگویید|مطلع نکن)',
  '(?:उपयोगकर्ता|यूज़र|यूजर).{0,30}(?:न बता|मत बता|नहीं बता|न कह|मत कह)',
  '(?:không|đừng|chớ).{0,15}(?:nói|báo|tiết lộ|đề cập|cho).{0,30}người dùng',
  '(?:jangan|tanpa).{0,20}(?:beri|katakan|sebut|memberi|mengatakan|ungkap).{0,30}pengguna',
])

/** Told to hand something over. Not `sends`: that is what a tool says of itself. */
export const HAND_OVER = union([
  String.raw`(?<!\b(?:not|never|cannot|without|avoid|nor|don't)\s(?:\S+\s){0,2})\b(?:include|attach|append|send|pass|provide|put|paste|insert|submit|upload|share|supply|embed|dump|copy|exfiltrate|forward|transmit|prepend|write)\b|\b(?:model|assistant|agent)\b.{0,60}\b(?:adds|sends|passes|includes|attaches|provides|appends|forwards|submits)\b`,
  // Whole words: a stem such as `passe` would find the English `passed`.
  String.raw`(?<!\p{L})(?:übergib|übergeben|sende|senden|schick|schicke|schicken|füge|hänge?|kopiere|leite|gib|transmets|transmettez|transmettre|envoie|envoyez|passe|passez|ajoute|ajoutez|inclus|incluez|joins|copie|fournis|fournissez|env[ií]a|env[ií]e|envíalo|envíe|pasa|pase|incluye|incluya|inclua|adjunta|adjunte|anexe|invia|inviare|passa|includi|allega|copia|fornisci|proporciona|stuur|geef|voeg|skicka|bifoga|wyślij|przekaż|dołącz|wklej|pošli|přilož|gönder|ilet|ekle|yapıştır|gửi|truyền|đính kèm|chèn|kirim|kirimkan|sertakan|lampirkan|masukkan)(?!\p{L})`,
  String.raw`(?<!\p{L})(?:переда(?:й|ть)|отправ(?:ь|ьте|ить)|пришли|вставь|приложи|надішли|додай|скопируй)`,
  '(?:传入|传递|发送|附上|填入|提交|上传|傳送|附加|放入)|(?:送信|渡し|含め|添付|入力|貼り付け)|(?:전달|보내|첨부|포함|입력|넣)',
  '(?:أرسل|مرر|أرفق|ضع|ضمّن)|(?:بفرست|ارسال|قرار)|(?:भेज|जोड़|शामिल|डाल)',
])

/** Told to read something first. */
export const READ_FIRST = union([
  String.raw`(?<!\b(?:not|never|cannot|without|avoid)\s(?:\S+\s){0,2})\b(?:read|open|cat|fetch|load|retrieve|access|collect|extract|locate)\b(?=.*\b(?:first|before|prior|must|always|otherwise|required|then)\b|(?<=\b(?:first|before|prior|must|always|otherwise|required|then)\b.*))`,
  String.raw`(?:lies|lese|öffne)\S*.{0,20}(?:zuerst|erst|vorher)|(?:zuerst|erst|vorher).{0,30}(?:lies|lese|öffne)`,
  String.raw`(?:lis|lisez|ouvre)\S* d['’]abord|d['’]abord.{0,20}(?:lis|ouvre)|(?:primero|primeiro|antes|prima).{0,30}(?:lee|leia|abre|abra|leggi|apri)|(?:lee|leia|leggi).{0,10}(?:primero|primeiro|prima)`,
  String.raw`(?:сначала|сперва|перед).{0,40}(?:прочита|прочти|открой)|(?:najpierw|önce|eerst|först).{0,30}(?:odczytaj|przeczytaj|oku|lees|läs)`,
  '(?:先|前|请).{0,10}(?:读取|打开|读)|(?:まず|最初に|前に).{0,40}(?:読|開)|(?:먼저|전에).{0,40}(?:읽|열)|(?:أولا|أولاً|قبل).{0,30}(?:اقرأ|افتح)|(?:trước).{0,30}(?:đọc)|(?:terlebih dahulu|dulu).{0,30}(?:baca)',
])

function union(patterns: readonly string[]): RegExp {
  return new RegExp(patterns.map((pattern) => pattern.normalize('NFKC')).join('|'), 'u')
}
