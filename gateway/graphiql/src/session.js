// Whom the page acts as: the demo customer chosen last, or nobody where the gateway offers none.

const CUSTOMER = 'customer';

export function openSession(config, storage) {
  const { customers } = config;
  const remembered = storage.getItem(CUSTOMER);
  const session = {
    customers,
    customer: customers.find(({ id }) => id === remembered) ?? customers[0] ?? null,
    choose(customer) {
      session.customer = customer;
      storage.setItem(CUSTOMER, customer.id);
      storage.setPresets(customer.tabs);
    },
    get tabs() {
      return session.customer?.tabs ?? config.tabs;
    },
    get headers() {
      return session.customer?.headers ?? {};
    },
  };
  return session;
}
