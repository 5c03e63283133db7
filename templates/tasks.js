(function () {
  'use strict';
  var PAGE = 50;
  var PRINTED = 3000;
  var data = JSON.parse(document.getElementById('data').textContent);
  var words = {};
  var roles = {};
  var shown = [];
  var first = 0;

  function at(id) { return document.getElementById(id); }
  function escaped(text) {
    return String(text).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
  }
  function option(value, text) { return '<option value="' + escaped(value) + '">' + escaped(text) + '</option>'; }
  function marksOf(row, task) {
    var bits = Number(row[2].charAt(task));
    return data.marks.filter(function (mark) { return bits & mark[0]; });
  }
  function cell(row, task) {
    var sign = row[1].charAt(task);
    if (sign === '.') { return '<td class="none"></td>'; }
    var wrong = marksOf(row, task).map(function (mark) { return '<b>' + escaped(mark[1]) + '</b>'; }).join('');
    var role = row[3].charAt(task);
    return '<td class="s-' + sign + '">' + escaped(words[sign]) + wrong +
      (role === 'R' ? '' : '<small>' + escaped(roles[role]) + '</small>') + '</td>';
  }
  function line(row) {
    var cells = '';
    for (var task = 0; task < data.tasks.length; task += 1) { cells += cell(row, task); }
    return '<tr><th scope="row">' + escaped(row[0]) + (row[6] ? '' : '<small>没有报送</small>') + '</th>' + cells +
      '<td class="number">' + row[4] + '</td><td class="number">' + escaped(row[5]) + '</td></tr>';
  }
  function draw(from, count) {
    at('rows').innerHTML = shown.slice(from, from + count).map(line).join('');
  }
  function fits(row, task, state, role) {
    var sign = row[1].charAt(task);
    if (sign === '.' || (role && row[3].charAt(task) !== role)) { return false; }
    if (!state) { return true; }
    return state.length === 1 && state >= 'a' ? sign === state : (Number(row[2].charAt(task)) & Number(state)) > 0;
  }
  function any(row, state, role) {
    for (var task = 0; task < data.tasks.length; task += 1) {
      if (fits(row, task, state, role)) { return true; }
    }
    return false;
  }
  function rate(row) { return row[5] === '—' ? 101 : parseFloat(row[5]); }
  function turn() {
    var last = Math.min(first + PAGE, shown.length);
    draw(first, PAGE);
    at('page').textContent = shown.length ? '第 ' + (first + 1) + ' 至 ' + last + ' 个单位，共 ' + shown.length + ' 个' : '';
    at('back').disabled = first === 0;
    at('on').disabled = last >= shown.length;
  }
  function refresh() {
    var name = at('name').value.replace(/\s/g, '');
    var task = at('task').value;
    var state = at('state').value;
    var role = at('role').value;
    shown = data.rows.filter(function (row) {
      if (name && row[0].indexOf(name) < 0) { return false; }
      return task === '' ? (!state && !role) || any(row, state, role) : fits(row, Number(task), state, role);
    });
    if (at('order').value) {
      shown = shown.map(function (row, place) { return [rate(row), place, row]; })
        .sort(function (a, b) { return a[0] - b[0] || a[1] - b[1]; })
        .map(function (item) { return item[2]; });
    }
    first = 0;
    at('said').textContent = '显示 ' + shown.length + ' 个单位，共 ' + data.rows.length + ' 个';
    turn();
  }
  function step(by) {
    first = Math.max(0, Math.min(first + by, shown.length - 1));
    turn();
    at('frame').scrollTop = 0;
  }

  data.states.forEach(function (pair) { words[pair[0]] = pair[1]; });
  data.roles.forEach(function (pair) { roles[pair[0]] = pair[1]; });
  at('heads').innerHTML = '<th scope="col">责任单位</th>' + data.tasks.map(function (task) {
    return '<th scope="col">' + escaped(task[0]) + '<span>' + escaped(task[1]) + '</span></th>';
  }).join('') + '<th scope="col">项数</th><th scope="col">已完成率</th>';
  document.querySelector('.matrix').style.width = (7 * data.tasks.length + 24) + 'em';
  at('task').innerHTML = option('', '全部') + data.tasks.map(function (task, number) {
    return option(number, task[0] + ' ' + task[1]);
  }).join('');
  at('role').innerHTML = option('', '全部') + data.roles.map(function (pair) { return option(pair[0], pair[1]); }).join('');
  at('state').innerHTML = option('', '全部') + data.states.concat(data.marks).map(function (pair) {
    return option(pair[0], pair[1]);
  }).join('');
  ['name', 'task', 'role', 'state', 'order'].forEach(function (id) {
    at(id).addEventListener(id === 'name' ? 'input' : 'change', refresh);
  });
  at('clear').addEventListener('click', function () {
    ['name', 'task', 'role', 'state', 'order'].forEach(function (id) { at(id).value = ''; });
    refresh();
  });
  at('back').addEventListener('click', function () { step(-PAGE); });
  at('on').addEventListener('click', function () { step(PAGE); });
  window.addEventListener('beforeprint', function () { draw(0, PRINTED); });
  window.addEventListener('afterprint', turn);
  document.querySelector('.tools').hidden = false;
  document.querySelector('.pages').hidden = data.rows.length <= PAGE;
  at('frame').hidden = false;
  refresh();
}());
