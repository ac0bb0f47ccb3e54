import { type ReactNode, useEffect } from 'react';
import { Dialog, Heading, Modal as AriaModal, ModalOverlay } from 'react-aria-components';
import { hold } from '../live/holds.ts';

interface ModalProps {
  title: string;
  isOpen: boolean;
  onClose?: () => void;
  children: ReactNode;
}

// A dialog over the page. Without `onClose` it stays until its form is done. While it is open, events do not change the page,
// which could take away what the dialog is about.
export function Modal({ title, isOpen, onClose, children }: ModalProps) {
  useEffect(() => (isOpen ? hold() : undefined), [isOpen]);
  return (
    <ModalOverlay className="overlay" isOpen={isOpen} onOpenChange={(open) => !open && onClose?.()} isDismissable={false} isKeyboardDismissDisabled={!onClose}>
      <AriaModal className="modal">
        <Dialog className="dialog">
          <Heading slot="title">{title}</Heading>
          {children}
        </Dialog>
      </AriaModal>
    </ModalOverlay>
  );
}
