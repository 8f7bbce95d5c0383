import { File as FileIcon } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ChosenFile } from '../chosen-file.ts';
import { Icon } from './Icon.tsx';

/** One's own picture, from one's own disk, read once it comes into sight. */
export function FilePreview({ file }: { readonly file: ChosenFile }): JSX.Element {
  const place = useRef<HTMLSpanElement>(null);
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!/^image\/(png|jpeg|webp|gif)$/.test(file.mimeType) || !place.current) return;
    let made: string | null = null;
    let over = false;
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      seen.disconnect();
      file.read().then(
        (read) => {
          if (over || !read) return;
          made = URL.createObjectURL(read);
          setUrl(made);
        },
        () => undefined, // its sign stays
      );
    });
    seen.observe(place.current);
    return () => {
      over = true;
      seen.disconnect();
      if (made) URL.revokeObjectURL(made);
    };
  }, [file]);
  return (
    <span class="file-preview" ref={place}>
      {url === null ? <Icon of={FileIcon} /> : <img src={url} alt="" />}
    </span>
  );
}
