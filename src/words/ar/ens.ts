import type { ens as english } from '../en/ens.ts';
import type { CatalogueLike } from '../message.ts';

export const ens = {
  'ens.explain':
    'بخادم RPC للشبكة الرئيسية في Ethereum يمكن كتابة اسم مثل <name>alice.eth</name> بدلًا من عنوان. يعلم الخادم أيّ الأسماء والعناوين تبحث عنها ومتى؛ استعمل خادمك، أو خادمًا تثق به. وبعض الأسماء محفوظة في خادم خاص بها، فيعلم ذلك أيضًا. الجواب الخاطئ يقودك إلى شخص آخر: قارن رقم الأمان.',
  'ens.begin': 'تحديد خادم…',
  'ens.off': 'متوقف: لا يُسأل أحد.',
  'ens.on': 'يُسأل: {server}',
  'ens.server': 'عنوان خادم RPC',
  'ens.checking': 'جارٍ سؤال الخادم…',
  'ens.use': 'فحص واستعمال',
  'ens.turnOff': 'إيقاف',
  'ens.unreachable': 'لم يُجب الخادم. تحقق من عنوانه، أو أعد المحاولة بعد لحظة.',
  'ens.gateway': 'الخادم الذي يحفظ هذا الاسم لم يُجب، أو ليس ممن يسألهم Parley. حاول مجددًا بعد لحظة.',
  'ens.otherChain': 'هذا الخادم ليس من الشبكة الرئيسية في Ethereum، حيث الأسماء.',
  'ens.noName': 'هذا ليس اسمًا يمكن تسجيله.',
  'ens.nobody': 'لا يدل هذا الاسم على أيّ عنوان.',
  'ens.asking': 'جارٍ البحث عن الاسم…',
  'ens.isOff': 'يمكن البحث عن أسماء كهذا حين تفعّل «أسماء Ethereum» في الإعدادات.',
  'ens.standsFor': 'يدل {name} الآن على هذا العنوان.',
  'ens.lookUp': 'البحث عن اسمه',
  'ens.none': 'لا اسم يقود إلى هذا العنوان ويعود منه.',
  'ens.found': 'اسمه {name}، وهو يقود إلى هذا العنوان.',
  'ens.takeName': 'استعماله اسمًا',
} satisfies CatalogueLike<typeof english>;
