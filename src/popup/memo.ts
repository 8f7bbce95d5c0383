import { Component, type ComponentType, createElement, type FunctionComponent, type JSX } from 'preact';

/** The same component, drawn anew only when one of the things that it is given is another one, or a context that it uses changes. */
export function memo<P extends object>(draw: FunctionComponent<P>): ComponentType<P> {
  return class extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      return differ(this.props as P, next);
    }

    override render(props: P): JSX.Element {
      return createElement(draw, props);
    }
  };
}

function differ<P extends object>(a: P, b: P): boolean {
  const names = Object.keys(a) as (keyof P)[];
  return names.length !== Object.keys(b).length || names.some((name) => a[name] !== b[name]);
}
