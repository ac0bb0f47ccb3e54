import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The page and the API have one origin, as behind a reverse proxy. A page of another origin needs PORTICO_CORS_ORIGINS.
const gateway = process.env.GATEWAY ?? 'http://127.0.0.1:8000';

export default defineConfig({ plugins: [react()], server: { proxy: { '/graphql': gateway } } });
