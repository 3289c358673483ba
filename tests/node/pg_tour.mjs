// Walks through what node-postgres does and prints one JSON document.
// usage: pg_tour.mjs HOST PORT USER PASSWORD DATABASE CA|- TABLE
import { readFileSync } from 'node:fs'
import pg from 'pg'

const [host, port, user, password, database, ca, table] = process.argv.slice(2)
const ssl = ca === '-' ? false : { ca: readFileSync(ca, 'utf8') }
const settings = { host, port: Number(port), user, password, database, ssl }
const seen = {}

const db = new pg.Client(settings)
await db.connect()
await db.query(`DROP TABLE IF EXISTS ${table}`)
await db.query(`CREATE TABLE ${table} (id int, name text, doc jsonb)`)
for (let i = 0; i < 50; i++) {
  await db.query({ name: 'insert', text: `INSERT INTO ${table} VALUES ($1, $2, $3)`, values: [i, `n${i}`, { i }] })
}
seen.rows = (await db.query(`SELECT * FROM ${table} ORDER BY id LIMIT 3`)).rows
seen.many = (await db.query('SELECT 1 AS a; SELECT 2 AS b')).map((result) => result.rows)
seen.error = await db.query('SELECT 1/0').catch((error) => error.code)
seen.after = (await db.query('SELECT $1::text AS t', ['well'])).rows
const heard = new Promise((resolve) => db.once('notification', (message) => resolve(message.payload)))
await db.query('LISTEN bell')
await db.query("NOTIFY bell, 'ding'")
seen.notify = await heard
await db.query(`DROP TABLE ${table}`)
await db.end()

const pool = new pg.Pool({ ...settings, max: 8 })
const answers = await Promise.all([...Array(40).keys()].map((i) => pool.query('SELECT $1::int * 2 AS n', [i])))
seen.pool = answers.map((answer) => answer.rows[0].n)
await pool.end()
console.log(JSON.stringify(seen, null, 1))
