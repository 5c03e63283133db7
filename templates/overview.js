(function () {
  'use strict';
  var data = JSON.parse(document.getElementById('units-data').textContent);
  var NAME = 0, FOLDER = 1, GOVERNMENT = 2, KIND = 3, STANDING = 4, LATE = 5, MEND = 6, ASKED = 7, UNANSWERED = 8, REPEATS = 9, FILES = 10;
  var SHOWN = 50;
  var SORTED_BY = { late: LATE, mend: MEND, asked: ASKED };
  var COUNTED = { late: LATE, unanswered: UNANSWERED, repeats: REPEATS };
  var form = document.querySelector('.tools');
  var body = document.getElementById('rows');
  var table = document.getElementById('table');
  var heads = [].map.call(table.querySelectorAll('thead th'), function (head) { return head.textContent; });
  var chosen = [];
  var first = 0;

  function of(id) { return document.getElementById(id); }
  function option(select, value, text) {
    var one = document.createElement('option');
    one.value = value;
    one.textContent = text;
    select.appendChild(one);
  }
  function fill() {
    var depth = [], below = {};
    data.governments.forEach(function (one, at) {
      depth[at] = one[1] < 0 ? 0 : depth[one[1]] + 1;
      (below[one[1]] = below[one[1]] || []).push(at);
    });
    function add(at) {
      option(of('government'), at, new Array(depth[at] + 1).join('　') + data.governments[at][0]);
      (below[at] || []).forEach(add);
    }
    (below[-1] || []).forEach(add);
    data.kinds.forEach(function (word, at) { option(of('kind'), at, word); });
    of('government').parentNode.hidden = !data.governments.length;
    of('kind').parentNode.hidden = !data.kinds.length;
  }
  function within(wanted) {
    var inside = [];
    data.governments.forEach(function (one, at) {
      inside[at] = at === wanted || (one[1] >= 0 && inside[one[1]]);
    });
    return inside;
  }
  function choose() {
    var name = of('name').value.replace(/\s+/g, '').toLowerCase();
    var government = of('government').value, kind = of('kind').value, state = of('state').value;
    var inside = government === '' ? null : within(+government);
    var standing = data.standings.map(function (one) { return one[0]; }).indexOf(state);
    var count = COUNTED[state], by = SORTED_BY[of('order').value];
    chosen = data.rows.filter(function (row) {
      return (!inside || inside[row[GOVERNMENT]]) &&
        (kind === '' || row[KIND] === +kind) &&
        (standing < 0 || row[STANDING] === standing) &&
        (count === undefined || row[count] > 0) &&
        (!name || row[NAME].toLowerCase().indexOf(name) >= 0);
    });
    if (by !== undefined) {
      chosen = chosen.map(function (row, at) { return [row, at]; }).sort(function (a, b) {
        return (b[0][by] || 0) - (a[0][by] || 0) || a[1] - b[1];
      }).map(function (pair) { return pair[0]; });
    }
    first = 0;
    say();
    draw(SHOWN);
  }
  function say() {
    var counts = data.standings.map(function () { return 0; });
    chosen.forEach(function (row) { counts[row[STANDING]] += 1; });
    var parts = data.standings.map(function (one, at) { return one[1] + ' ' + counts[at]; }).filter(function (part, at) { return counts[at]; });
    of('said').textContent = chosen.length
      ? '共 ' + data.rows.length + ' 个单位，符合的 ' + chosen.length + ' 个：' + parts.join('，') + '。'
      : '共 ' + data.rows.length + ' 个单位，没有符合的。';
  }
  function link(row, file, text) {
    var one = document.createElement('a');
    var folder = (row[FOLDER] || row[NAME]).split('/').map(encodeURIComponent).join('/');
    one.href = '../' + folder + '/' + encodeURIComponent(file);
    one.textContent = text;
    return one;
  }
  function held(row) {
    return data.files.filter(function (file, at) { return row[FILES] & (1 << at); });
  }
  function days(row) {
    if (row[LATE] === null) { return '未判断'; }
    if (row[LATE] > 0) { return '逾期 ' + row[LATE] + ' 天'; }
    return data.standings[row[STANDING]][0] === 'absent' ? '未到期限' : '按期';
  }
  function cell(line, kind, at, text, look) {
    var one = document.createElement(kind);
    if (kind === 'th') { one.scope = 'row'; }
    else { one.setAttribute('data-head', heads[at]); }
    if (look) { one.className = look; }
    if (text !== null) { one.textContent = text; }
    line.appendChild(one);
    return one;
  }
  function place(within, government) {
    if (!government) { return; }
    if (!government[2]) { within.textContent = government[0]; return; }
    var one = document.createElement('a');
    one.href = encodeURIComponent(government[0]) + '/' + encodeURIComponent(data.files[0]);
    one.textContent = government[0];
    within.appendChild(one);
    if (government[2] > 1) { within.appendChild(document.createTextNode('（草稿）')); }
  }
  function drawn(row, at) {
    var line = document.createElement('tr');
    var files = held(row), standing = data.standings[row[STANDING]];
    var title = cell(line, 'th', 0, null, '');
    line.setAttribute('aria-rowindex', at + 2);
    title.appendChild(files.length ? link(row, files[0], row[NAME]) : document.createTextNode(row[NAME]));
    place(cell(line, 'td', 1, null, row[GOVERNMENT] < 0 ? 'none' : ''), data.governments[row[GOVERNMENT]]);
    cell(line, 'td', 2, row[KIND] < 0 ? '' : data.kinds[row[KIND]], row[KIND] < 0 ? 'none' : '');
    cell(line, 'td', 3, standing[1], 'state' + (/built|checked/.test(standing[0]) ? '' : ' pressing'));
    cell(line, 'td', 4, days(row), 'state' + (row[LATE] > 0 ? ' pressing' : ''));
    cell(line, 'td', 5, row[MEND], row[MEND] ? 'number pressing' : 'number none');
    cell(line, 'td', 6, row[ASKED] + (row[UNANSWERED] ? '（' + row[UNANSWERED] + '）' : ''), row[ASKED] ? 'number' : 'number none');
    cell(line, 'td', 7, row[REPEATS], row[REPEATS] ? 'number' : 'number none');
    var more = cell(line, 'td', 8, null, files.length > 1 ? '' : 'none');
    files.slice(1).forEach(function (file) {
      var one = link(row, file, file.replace(/\.\w+$/, ''));
      one.setAttribute('aria-label', row[NAME] + ' ' + one.textContent);
      more.appendChild(one);
    });
    return line;
  }
  function draw(count) {
    var lines = document.createDocumentFragment();
    var last = Math.min(first + count, chosen.length);
    for (var at = first; at < last; at += 1) { lines.appendChild(drawn(chosen[at], at)); }
    body.textContent = '';
    body.appendChild(lines);
    table.setAttribute('aria-rowcount', chosen.length + 1);
    table.hidden = !chosen.length;
    of('previous').disabled = first === 0;
    of('next').disabled = last === chosen.length;
    of('where').textContent = '第 ' + (first + 1) + '–' + last + ' 个，共 ' + chosen.length + ' 个';
    document.querySelector('.pages').hidden = chosen.length <= SHOWN;
  }
  function turn(step) {
    first = Math.max(0, first + step);
    draw(SHOWN);
    table.scrollIntoView({ block: 'start' });
  }
  function forPrint() {
    var most = data.printed, kept = first;
    first = 0;
    draw(most);
    first = kept;
    of('cut').textContent = chosen.length > most ? '以上是前 ' + most + ' 个；符合的共 ' + chosen.length + ' 个，全部单位见报送情况.csv。' : '';
  }

  form.addEventListener('input', choose);
  form.addEventListener('change', choose);
  form.addEventListener('reset', function () { setTimeout(choose, 0); });
  form.addEventListener('submit', function (event) { event.preventDefault(); });
  of('previous').addEventListener('click', function () { turn(-SHOWN); });
  of('next').addEventListener('click', function () { turn(SHOWN); });
  window.addEventListener('beforeprint', forPrint);
  window.addEventListener('afterprint', function () { draw(SHOWN); });
  fill();
  of('work').hidden = false;
  choose();
}());
