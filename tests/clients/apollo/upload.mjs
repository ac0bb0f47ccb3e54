// node upload.mjs URL TOKEN PARENT FILE…: attaches the files and prints the payload.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { ApolloClient, InMemoryCache, gql } from "@apollo/client";
import UploadHttpLink from "apollo-upload-client/UploadHttpLink.mjs";

const [url, token, parentId, ...paths] = process.argv.slice(2);
const files = await Promise.all(paths.map(async (path) => new File([await readFile(path)], basename(path))));

const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: new UploadHttpLink({ uri: url, headers: { Authorization: `Bearer ${token}`, "Apollo-Require-Preflight": "true" } }),
});

const { data } = await client.mutate({
  mutation: gql`
    mutation Upload($input: UploadAttachmentsInput!) {
      uploadAttachments(input: $input) {
        attachments { fileName sha256 status }
        userErrors { code message path }
      }
    }
  `,
  variables: { input: { parentId, files, idempotencyKey: crypto.randomUUID() } },
});
console.log(JSON.stringify(data.uploadAttachments));
process.exit(0);
