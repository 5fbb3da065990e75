// The phrases in languages that are written in Latin letters; accents do not count.
import type { Phrases } from './phrases.ts'

export const WESTERN: Readonly<Record<string, Phrases>> = {
  de: {
    disregard:
      'ignorier|vergiss |vergessen sie |missacht|beachte nicht|nicht mehr beachten|befolge nicht|gilt nicht mehr|gelten nicht mehr|uberschreib|umgeh|verwirf ',
    prior:
      'vorherig|vorig|bisherig|fruher|obig|alle |alles |samtlich|deine |vorangegangen|vorangehend|vorstehend|ursprunglich|jegliche |zuvor |ihre ',
    instruction:
      'anweisung|vorgabe|instruktion|regeln |befehl|richtlinie|prompt|gesagt wurde|weisung|systemnachricht|auftrage ',
    narrated: 'nicht ignorier|nicht vergessen|ignoriert |seine |ignorierte|zu ignorieren',
    reveal: 'gib |zeig|verrate|nenne |wiederhol|schreib|drucke ',
    yours: 'dein|ihren |ihre ',
    prompt: 'system prompt|systemprompt|systemanweisung|systemnachricht|anfangliche anweisung|ursprunglichen anweisung',
    become: 'du bist jetzt|du bist nun|ab sofort|von nun an|ab jetzt|verhalte dich|tu so als|spiele die rolle',
    unbound:
      'ohne jegliche|ohne einschrankung|keine einschrankung|ohne regeln|keine regeln|ohne filter|uneingeschrankt|ohne beschrankung|unzensiert|ohne grenzen',
    conceal:
      'sag dem nutzer nichts|ohne dem nutzer|dem nutzer nicht|dem benutzer nicht|erwahne das nicht|ohne den nutzer|ohne den benutzer|heimlich|verrate dem|nichts davon',
    send: 'sende |schick|ubermittl|leite |poste |lade |verschick|hange ',
    loot: 'gesprach|chatverlauf|unterhaltung|verlauf|datenbank|alle dateien|kundendaten|den inhalt',
    key: 'passwort|passworter|zugangsdaten|schlussel|api key',
    address:
      'ki assistent|ki agent|ki modell|an alle ki|sprachmodell|an den assistent|lieber assistent|an die ki|als ki',
    must: 'musst du|du musst|muss zuerst|rufe |fuhre |zuerst |antworte nur|empfiehl|sofort ',
    tool: 'werkzeug|tool |funktion ',
  },
  fr: {
    disregard:
      'ignore |ignorez |oublie |oubliez |ne tiens pas compte|ne tenez pas compte|ne tiens plus compte|ne tenez plus compte|fais abstraction|faites abstraction|contourne |annule |ne suis plus|ne suivez plus|mets de cote',
    prior: 'precedent|anterieur|toutes |tous |tes |vos |ci dessus|initial|origin|tout ce qui|avant |recues',
    instruction: 'instruction|consigne|directive|regle|ordre|prompt|on t a dit|message systeme',
    narrated: 'ses |leurs |pas oublie',
    reveal: 'affiche |affichez |montre |montrez |revele|repete |donne |ecris |imprime |divulgue',
    yours: 'ton |tes |votre |vos ',
    prompt:
      'prompt systeme|invite systeme|instructions initiales|consignes initiales|message systeme|instructions systeme|prompt initial',
    become:
      'tu es maintenant|tu es desormais|a partir de maintenant|desormais tu|agis comme|fais comme si|vous etes desormais|vous etes maintenant',
    unbound:
      'sans restriction|sans aucune restriction|sans limite|aucune limite|sans filtre|aucune regle|sans aucun filtre|sans censure|non censure|sans regle',
    conceal:
      'sans prevenir|ne dis rien|sans le dire|sans en informer|n en parle pas|ne le dis pas|sans informer|ne previens pas|ne mentionne pas|en secret|discretement|ne dites rien',
    send: 'envoie|envoyez|transmet|publie|poste |telecharge|transfere',
    loot: 'conversation|historique|base de donnees|tous les fichiers|contenu de|donnees des|donnees client',
    key: 'mot de passe|mots de passe|identifiant|cle api|cle privee|cles ',
    address:
      'assistant ia|agents ia|agent ia|modele de langage|a l assistant|assistants ia|cher assistant|si tu es une ia|si vous etes une ia|intelligence artificielle',
    must: 'tu dois|vous devez|doit d abord|appelle |appelez |execute |immediatement|reponds uniquement|recommande',
    tool: 'l outil|outil |fonction ',
  },
  es: {
    disregard:
      'ignora |ignore |ignorad|olvida |olvide |olvidate|haz caso omiso|haga caso omiso|no sigas|descarta |pasa por alto|anula |omite |no hagas caso',
    prior:
      'anterior|previas |previos |previa |previo |todas |todos |tus |sus |todo lo|arriba|original|inicial|precedente|recibid',
    instruction:
      'instruccion|orden|indicacion|regla|directriz|directrices|prompt|te han dicho|te dijeron|mensaje del sistema|directiva',
    narrated: 'no ignore|no olvides|no olvide',
    reveal: 'muestra|muestre|revela|imprime|repite|dime |escribe|ensena|divulga',
    yours: 'tu |tus |su ',
    prompt:
      'prompt del sistema|prompt de sistema|instrucciones iniciales|mensaje del sistema|instrucciones del sistema|instrucciones originales|indicaciones del sistema',
    become: 'ahora eres|a partir de ahora|desde ahora|actua como|finge ser|finge que|de ahora en adelante|haz como si',
    unbound:
      'sin restriccion|sin ninguna restriccion|sin limite|sin filtro|sin reglas|no tienes restricciones|sin censura|ninguna regla',
    conceal:
      'no se lo digas|sin decir|sin avisar|sin informar|no menciones|no le digas|en secreto|no informes|no avises|sin que el usuario|no lo menciones|oculta esto',
    send: 'envia|envie|manda |reenvia|publica|sube |transmite',
    loot: 'conversacion|historial|base de datos|todos los archivos|contenido de|el contenido|datos de los|tabla de usuarios|datos del',
    key: 'contrasena|credencial|clave',
    address:
      'asistente de ia|agente de ia|agentes de ia|modelo de lenguaje|al asistente|asistentes de ia|si eres una ia|inteligencia artificial|querido asistente|asistente virtual',
    must: 'debes |debe |tienes que|llama |ejecuta |inmediatamente|responde solo|recomienda|primero ',
    tool: 'herramienta|la funcion',
  },
  pt: {
    disregard:
      'ignore |ignora |esqueca |esquece |desconsidere |desconsidera |nao siga|descarte |desobedeca|anule |contorne ',
    prior:
      'anterior|previas |previos |previa |previo |todas |todos |suas |seus |tudo o que|tudo que|acima|original|inicia',
    instruction:
      'instruc|instruco|regra|ordens|comando|diretriz|diretrizes|orientac|prompt|foi dito|mensagem do sistema',
    narrated: 'nao ignore|nao esqueca',
    reveal: 'mostre|mostra|revele|revela|imprima|repita|diga |escreva|exiba',
    yours: 'seu |sua |seus |suas |teu ',
    prompt:
      'prompt do sistema|prompt de sistema|instrucoes iniciais|mensagem do sistema|instrucoes do sistema|instrucoes originais',
    become: 'agora voce e|a partir de agora|de agora em diante|aja como|finja ser|finja que|voce e agora',
    unbound: 'sem restric|sem nenhuma restric|sem limite|sem filtro|sem regras|sem censura|nenhuma regra',
    conceal:
      'nao conte|sem avisar|nao diga|sem informar|nao mencione|nao informe|em segredo|sem que o usuario|nao avise|sem contar',
    send: 'envie|envia|mande|encaminhe|publique|transmita|poste ',
    loot: 'conversa|historico|banco de dados|base de dados|todos os arquivos|conteudo|dados dos',
    key: 'senha|credencia|chave',
    address:
      'assistente de ia|agente de ia|agentes de ia|modelo de linguagem|ao assistente|assistentes de ia|se voce e uma ia|inteligencia artificial|caro assistente',
    must: 'deve |voce deve|tem que|chame |execute |imediatamente|responda apenas|recomende|primeiro ',
    tool: 'ferramenta|a funcao',
  },
  it: {
    disregard:
      'ignora |ignorate |ignori |dimentica |dimenticate |dimentichi |non seguire|trascura |tralascia |scarta |annulla |non tenere conto|aggira ',
    prior: 'precedent|tutte |tutti |tue |tuoi |tutto |sopra|original|inizial|ricevut|prima ',
    instruction: 'istruzion|regol|ordini |direttiv|indicazion|comand|prompt|e stato detto|messaggio di sistema',
    narrated: 'non ignor|non dimentic|sue ',
    reveal: 'mostra|rivela|stampa|ripeti|dimmi|scrivi|divulga',
    yours: 'tuo |tue |tuoi |il tuo|vostro ',
    prompt:
      'prompt di sistema|istruzioni iniziali|messaggio di sistema|istruzioni di sistema|prompt iniziale|istruzioni originali',
    become: 'ora sei|adesso sei|d ora in poi|da ora in poi|da adesso|agisci come|fingi di|comportati come',
    unbound:
      'senza restrizion|senza alcuna restrizion|senza limit|senza filtri|senza regole|nessuna restrizione|senza censura|nessuna regola',
    conceal:
      'senza dirlo|non dire|senza avvisare|senza informare|non menzionare|in segreto|non informare|all insaputa|non dirlo|di nascosto',
    send: 'invia|manda |inoltra|pubblica|trasmetti|carica ',
    loot: 'conversazion|cronologia|database|tutti i file|contenuto|dati degli|dati dei',
    key: 'password|credenzial|chiave',
    address:
      'assistente ia|assistenti ia|agente ia|agenti ia|modello linguistico|all assistente|intelligenza artificiale|se sei un ia|caro assistente|assistente ai',
    must: 'devi |deve |chiama |esegui |immediatamente|rispondi solo|consiglia|raccomanda|prima di ',
    tool: 'lo strumento|strumento |la funzione',
  },
  nl: {
    disregard: 'negeer |vergeet |sla over|houd geen rekening|volg niet|omzeil |laat varen',
    prior: 'vorige |voorgaande |eerdere |alle |alles |je |jouw |uw |bovenstaande |oorspronkelijke |voorafgaande ',
    instruction: 'instructie|opdracht|regels |richtlijn|aanwijzing|bevel|prompt|verteld is|systeembericht',
    narrated: 'vergeet niet|niet vergeten',
    reveal: 'toon |laat zien|geef |onthul|herhaal|print |schrijf ',
    yours: 'je |jouw |uw ',
    prompt: 'systeemprompt|systeem prompt|systeeminstructie|systeembericht|oorspronkelijke instructie',
    become: 'je bent nu|vanaf nu|je bent vanaf|doe alsof|gedraag je',
    unbound: 'zonder beperking|geen beperking|zonder regels|geen regels|zonder filter|onbeperkt|zonder enige',
    conceal:
      'vertel de gebruiker niet|zonder de gebruiker|zeg niets|niet tegen de gebruiker|vermeld dit niet|in het geheim|stiekem|vertel het niet',
    send: 'stuur |verzend|verstuur|upload|plaats ',
    loot: 'gesprek|chatgeschiedenis|geschiedenis|database|alle bestanden|inhoud',
    key: 'wachtwoord|inloggegevens|sleutel',
    address: 'ai assistent|ai agent|taalmodel|aan de assistent|beste assistent',
    must: 'moet je|je moet|moet eerst|roep |voer |onmiddellijk|antwoord alleen',
    tool: 'gereedschap|de tool|hulpmiddel',
  },
}
