(function () {
  'use strict';
  var page = document.querySelector('main');
  var boxes = [].slice.call(document.querySelectorAll('input[data-show]'));
  var only = document.getElementById('only-marked');
  var keys = document.getElementById('keys');
  var said = document.getElementById('said');
  var places = [].slice.call(document.querySelectorAll('[data-stop]'));
  var lines = [].slice.call(document.querySelectorAll('tr[data-marks]'));
  var stops = [];
  var here = null;

  function on(kind) {
    return boxes.some(function (box) { return box.getAttribute('data-show') === kind && box.checked; });
  }
  function say() {
    var at = stops.indexOf(here);
    said.textContent = at < 0 ? '共 ' + stops.length + ' 处' : '第 ' + (at + 1) + ' 处，共 ' + stops.length + ' 处';
  }
  function leave() {
    if (here) { here.classList.remove('here'); }
    here = null;
  }
  function refresh() {
    boxes.forEach(function (box) {
      page.classList.toggle('off-' + box.getAttribute('data-show'), !box.checked);
    });
    lines.forEach(function (line) {
      line.hidden = only.checked && !line.getAttribute('data-marks').split(' ').some(on);
    });
    stops = places.filter(function (place) {
      return on(place.getAttribute('data-stop')) && place.getClientRects().length > 0;
    });
    if (stops.indexOf(here) < 0) { leave(); }
    say();
  }
  function go(step) {
    if (!stops.length) { return; }
    var at = stops.indexOf(here);
    var next = at < 0 ? (step > 0 ? 0 : stops.length - 1) : (at + step + stops.length) % stops.length;
    leave();
    here = stops[next];
    here.classList.add('here');
    here.focus({ preventScroll: true });
    here.scrollIntoView({ block: here.offsetHeight > window.innerHeight * 0.7 ? 'start' : 'center' });
    say();
  }
  function pressed(event) {
    if (!keys.checked || event.ctrlKey || event.metaKey || event.altKey) { return; }
    if (event.code === 'KeyN' || event.key === 'n') { go(1); event.preventDefault(); }
    if (event.code === 'KeyP' || event.key === 'p') { go(-1); event.preventDefault(); }
  }

  places.forEach(function (place) { place.tabIndex = -1; });
  boxes.concat(only).forEach(function (box) { box.addEventListener('change', refresh); });
  document.getElementById('next').addEventListener('click', function () { go(1); });
  document.getElementById('previous').addEventListener('click', function () { go(-1); });
  document.addEventListener('keydown', pressed);
  document.querySelector('.tools').hidden = false;
  refresh();
}());
