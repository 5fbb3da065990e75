// English phrases with which a text steers a model, by what they say. A space at the end stands for the end of the word.
import type { Phrases } from './phrases.ts'

export const ENGLISH: Phrases = {
  turn_away:
    'ignore |disregard |forget |override |overrule |bypass |set aside |put aside |discard |dismiss |abandon |do not follow |don t follow |do not obey |stop following |stop obeying |no longer follow |pay no attention ',
  void: 'is void|are void|no longer apply to you|are no longer in effect|is cancelled|are cancelled|are superseded|are replaced by|expired|no longer valid|no longer apply|out of date',
  prior:
    'previous |prior |earlier |above |preceding |foregoing |all |any |your |everything |original |initial |existing |system |former |before |given to you|you were given|so far |old |past |you have been ',
  instruction:
    'instruction|directive|rules |guideline|system prompt|prompts |prompt |commands |constraint|restriction|policies |programming |guidance |told |safeguard|guardrail|safety polic|system message',
  narrated:
    'its |their |to ignore |that ignore |which ignore |not ignore |never ignore |n t ignore |not forget |n t forget |never forget |to forget |to bypass |to override |to disregard |not override |not bypass |never override |never bypass |may ignore |might ignore |could ignore |can override ',
  reveal:
    'reveal |print |repeat |output |show |display |tell me |leak |disclose |recite |write out |dump |list |give me |share |return |echo |what is |what are |what were ',
  yours: 'your |you were |you have been |the text above|everything above|text that stands before',
  prompt:
    'system prompt|initial prompt|hidden prompt|initial instruction|hidden instruction|original instruction|system instruction|system message|developer message|secret instruction|instructions verbatim|prompt verbatim|configuration verbatim|told at the start|hidden rules|given at the start',
  become:
    'you are now |from now on you|you will now|act as |pretend to be|pretend you are|pretend that you|you re now |roleplay as|role play as|simulate |your new role|new persona|you become|take on the role|enter developer mode|developer mode|you are going to act|behave like|imagine you are',
  unbound:
    'no restriction|without restriction|without any restriction|no limits |without limits|unrestricted|no rules |without rules|no filter|without filter|unfiltered|uncensored|no content polic|no guidelines|without guidelines|without any guidelines|jailbr|do anything now|no ethical|without ethic|no moral|not bound by|filters are off|filters are switched off|filters off|safety is off|filters disabled|filters are disabled|no safety|not censored|evil assistant|ignores all|amoral|root access|god mode|full admin|without any filter|without any limit',
  conceal:
    'do not tell the user|don t tell the user|not mention it to the user|without telling the user|do not mention this|don t mention this|do not mention it|do not inform the user|without informing the user|never tell the user|not tell the user|do not reveal this|keep this secret|keep this step secret|keep it secret|do not let the user|without the user knowing|without asking the user|without asking for confirmation|hide this from the user|do not show this to the user|do not disclose this|not notify the user|silently |secretly |without asking|without confirmation|say nothing about|quietly |do not ask the user|do not alert the user|without the user noticing',
  send: 'send |post |upload |forward |transmit |exfiltrate |leak |email |pass |append |paste |include |submit |encode |put |attach |copy |report |embed |deliver |share ',
  loot: 'conversation|chat history|chat log|system prompt|previous messages|the users table|user data|customer data|all emails|all files|inbox |contents of|its contents|all secrets|the secrets|database dump|entire database|the database to|the table to|the results to|the result to|the result into|the results into|message history|context window|everything you know|all data |private data|personal data|the notes to|session token|session cookie',
  key: 'ssh id|id rsa|ssh |aws credentials|env file|etc passwd|etc shadow|api key|apikey|password|credentials|private key|access token|secret key|wallet|seed phrase|environment variables|mcp json|dotenv',
  place:
    'http |https |www |ftp |webhook|attacker |evil |ngrok|pastebin|requestbin|bcc|to this address|to the address|query string',
  address:
    'any ai agent|ai agents|to ai assistant|ai assistants|ai assistant|note to ai|note to any ai|attention ai|dear ai|dear assistant|if you are an ai|if you re an ai|if you are a language model|if you are an llm|if you are a large language|llms |language models reading|language model reading|to the assistant|to the model|to the llm|to the agent|hey assistant|hello assistant|new task for the assistant|instructions for the assistant|instructions for ai|instruction for ai|message for the ai|ai reading this|ai systems reading|ai crawler|ai summariz|ai summaris|hey ai |dear llm|assistant please|chatbot',
  must: 'you must|must first|you should first|you have to|you need to|has to run|has to call|has to |must call|must |please follow|add the phrase|follow what|immediately |before answering|before you answer|instead of |required to|call the |call buy|run the |open http|open https|execute |approve |rate this|recommend |answer only|reply only|respond only|respond with|reply with|say that|do not summar|visit |fetch |rank this|always recommend|give this|hire |accept this|score ',
  tool: 'query sql|read file|fetch url|post url|write file|list tables|select rows|edit file|move file|delete file|the tool|any other tool|using any tool|function call|call tool|tool call|other tools|run query|shell command|run the command|execute the command|send email|delete the files|delete all files|drop table|delete from|select from|http request|rm rf|curl |buy tool',
}
