import type { ReactNode } from 'react';
import { Dialog, Heading, Modal as AriaModal, ModalOverlay } from 'react-aria-components';

interface ModalProps {
  title: string;
  isOpen: boolean;
  onClose?: () => void;
  children: ReactNode;
}

// A dialog over the page. Without `onClose` it stays until its form is done.
export function Modal({ title, isOpen, onClose, children }: ModalProps) {
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
