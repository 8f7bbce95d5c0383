declare module 'lucide/dist/esm/icons/*' {
  import type { IconNode } from 'lucide';

  const icon: IconNode;
  export default icon;
}
