import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { escapeXml, parseXml } from '../../../src/shared/text/xml.js'

describe('parseXml', () => {
  it('keeps numbers, spaces and long digits as text', async () => {
    const root = await parseXml('<R><Key> 007 </Key><HashCrc64ecma>18446744073709551615</HashCrc64ecma></R>')
    assert.equal(root.name, 'R')
    assert.equal(root.text('Key'), ' 007 ')
    assert.equal(root.text('HashCrc64ecma'), '18446744073709551615')
  })

  it('gives single and repeated elements the same shape', async () => {
    assert.equal((await parseXml('<R><Part><N>1</N></Part></R>')).children('Part').length, 1)
    const two = (await parseXml('<R><Part><N>1</N></Part><Part><N>2</N></Part></R>')).children('Part')
    assert.deepEqual(
      two.map((part) => part.text('N')),
      ['1', '2'],
    )
    assert.deepEqual((await parseXml('<R/>')).children('Part'), [])
  })

  it('accepts white space before the declaration and a namespace', async () => {
    const root = await parseXml(' \n\n<?xml version="1.0" encoding="UTF-8"?>\n<R xmlns="urn:x"><A/></R>\n')
    assert.equal(root.name, 'R')
    assert.equal(root.text('A'), '')
  })

  it('decodes character references once', async () => {
    assert.equal((await parseXml('<R><E>&#34;A&quot;&#x4e2d;&amp;lt;&amp;#34;</E></R>')).text('E'), '"A"中&lt;&#34;')
  })

  it('decodes references to every character, also those that XML forbids', async () => {
    const text = (await parseXml('<R><K>a&#x01;&#31;b&#x7F;&#0;&#x1F600;&#13;&apos;</K></R>')).text('K')
    assert.equal(text, "a\u0001\u001fb\u007f\0😀\r'")
  })

  it('leaves text that is not a character reference unchanged', async () => {
    const text = 'a & b &; &unknown; &#xD800; &#x110000; &#; &#xg; &AMP; &#9999999;'
    assert.equal((await parseXml(`<R><K>${text}</K></R>`)).text('K'), text)
  })

  for (const [what, text] of [
    ['nothing', ''],
    ['plain text', 'Bad Gateway'],
    ['a cut document', '<R><Key>a</Key>'],
    ['a document cut after an empty element', '<R><Part/>'],
    ['a document cut inside a tag', '<R><Key>a</Key></'],
    ['two roots', '<R/><R/>'],
    ['a document type', '<!DOCTYPE r [<!ENTITY a "aaaa">]><R>&a;</R>'],
    ['a reserved name', '<R><__proto__><x>1</x></__proto__></R>'],
    ['bottomless nesting', '<A>'.repeat(20_000) + '</A>'.repeat(20_000)],
  ] as const) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(parseXml(text))
    })
  }

  it('finds no inherited properties', async () => {
    assert.deepEqual((await parseXml('<R><A>1</A></R>')).children('constructor'), [])
    assert.equal((await parseXml('<R><A>1</A></R>')).text('toString'), undefined)
  })
})

describe('escapeXml', () => {
  it('round-trips through parseXml', async () => {
    const text = `a & b < c > "d" 'e' &amp;`
    assert.equal((await parseXml(`<R><K>${escapeXml(text)}</K></R>`)).text('K'), text)
  })
})
