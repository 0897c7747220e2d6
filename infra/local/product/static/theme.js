// Runs before the first paint, so that the page never flashes in the wrong colours.
"use strict";
(() => {
  const root = document.documentElement;
  const order = ["system", "light", "dark"];
  const stored = () => {
    const value = localStorage.getItem("harbor-theme");
    return order.includes(value) ? value : "system";
  };
  const show = () => {
    const theme = stored();
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    const button = document.getElementById("theme");
    if (button) button.querySelector("span").textContent = button.dataset[theme];
  };
  show();
  document.addEventListener("DOMContentLoaded", () => {
    show();
    document.getElementById("theme").addEventListener("click", () => {
      localStorage.setItem("harbor-theme", order[(order.indexOf(stored()) + 1) % order.length]);
      show();
    });
  });
})();
