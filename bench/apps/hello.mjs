#!/usr/bin/env node
import { createServer } from "node:http";

createServer((_request, response) => response.end("hello world\n")).listen(Number(process.env.PORT));
